"""What a document names: as a browser with scripts and a window of 1280 pixels would fetch it."""

from __future__ import annotations

import time

import pytest

from perftui.engine.clients.page.assets import MOST_ASSETS, Documents, Named, named_in

URL = "http://shop.example/a/page?x=1"
HERE = "http://shop.example"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<link rel="stylesheet" href="/s.css">', ["/s.css"]),
        ('<link rel="alternate" href="/feed.xml"><link rel="canonical" href="/">', []),
        ('<link rel="shortcut icon" href="i.ico">', ["/a/i.ico"]),
        ('<link rel=preload href="f.woff2" as=font>', ["/a/f.woff2"]),
        ('<link rel=stylesheet disabled href="/s.css">', []),
        ('<script src="../x.js"></script><script>var a = "<img src=no.png>"</script>', ["/x.js"]),
        ('<img src="a.png"><img src="a.png"><img src=" a.png#part ">', ["/a/a.png"]),
        ('<img src="data:image/png;base64,AAAA"><img src="javascript:x"><img src=""><img>', []),
        ('<img src="s.png" srcset="m.png 640w, l.png 1280w, x.png 2560w">', ["/a/l.png"]),
        ('<img src="s.png" srcset="m.png 320w, l.png 640w">', ["/a/l.png"]),
        ('<img src="s.png" srcset="one.png, two.png 2x">', ["/a/one.png"]),
        ('<img src="s.png" srcset="two.png 2x">', ["/a/s.png"]),
        ('<picture><source srcset="p.webp" type="image/webp"><img src="p.png"></picture>', ["/a/p.webp"]),
        ('<picture><source srcset="p.x" type="image/x"><img src="p.png"></picture>', ["/a/p.png"]),
        ('<picture><source srcset="n" media="print"><img src="p.png"></picture>', ["/a/p.png"]),
        ('<video poster="p.jpg" src="v.mp4"></video>', ["/a/p.jpg"]),
        ('<audio preload="auto" src="s.ogg"></audio>', ["/a/s.ogg"]),
        ('<noscript><img src="n.png"></noscript><NOSCRIPT><img src=n></NOSCRIPT ><img src="y.png">', ["/a/y.png"]),
        ('<noscript><img src="n.png">', ["/a/n.png"]),
        ('<template><img src="t.png"></template>', []),
        ('<base href="/deep/"><img src="a.png"><iframe src="/f"></iframe>', ["/deep/a.png", "/f"]),
        ('<video autoplay><source src="v.webm"><source src="v.mp4"></video>', ["/a/v.webm"]),
        ('<video><source src="v.webm"></video>', []),
        ('<video preload="auto"><source src="s" media="print"><source src="v.mp4"></video>', ["/a/v.mp4"]),
        ('<video><track default src="t.vtt"><track src="o.vtt"></video>', ["/a/t.vtt"]),
        ('<iframe srcdoc="&lt;img src=i.png&gt;" src="/no"></iframe>', ["/a/i.png"]),
        ('<frameset><frame src="/f"></frameset>', ["/f"]),
        ('<svg><image href="i.svg"/><use xlink:href="s.svg#x"/><use href="#own"/></svg>', ["/a/i.svg", "/a/s.svg"]),
        ('<script nomodule src="old.js"></script><script type="text/template" src="t"></script>', []),
        ('<script type=module src="m.js"></script><link rel=modulepreload href="n.js">', ["/a/m.js", "/a/n.js"]),
        ('<link rel=preload as=image href="p" imagesrcset="s 640w, l 1280w">', ["/a/l"]),
        ('<link rel=preload as=font media="(max-width: 600px)" href="n">', []),
        ('<link rel=stylesheet media="print" href="p.css">', ["/a/p.css"]),
        ('<img src="s" srcset="m 400w, l 900w, x 1800w" sizes="(max-width: 600px) 100vw, 400px">', ["/a/m"]),
        ('<img src="s" srcset="m 400w, l 900w" sizes="(min-width: 60em) 50vw, 100vw">', ["/a/l"]),
        ('<img src="s" srcset="m 400w, l 900w" sizes="calc(100vw - 20px)">', ["/a/l"]),
        ('<picture><source srcset="w" media="(min-width: 800px)"><img src="p.png"></picture>', ["/a/w"]),
        ('<picture><source srcset="n" media="(max-width: 800px)"><img src="p.png"></picture>', ["/a/p.png"]),
        ('<picture><source srcset="w" media="screen and (min-width: 50em)"><img src="p"></picture>', ["/a/w"]),
        ('<input type="image" src="b.png"><input type="text" src="no.png">', ["/a/b.png"]),
        ('<object data="o.svg"></object><embed src="e.svg">', ["/a/o.svg", "/a/e.svg"]),
        ('<img src="http://[broken/"><img src="//x:99999999/">', []),
        ('<img src="page?x=1">', []),
        ('<a title="<img src=no.png>"><img alt=\'>\' src="y.png">', ["/a/y.png"]),
        ("<!-- <img src=no.png> --!><img src=z.png>", ["/a/z.png"]),
        ("<!--><img src=y.png><!-- <img src=no.png>", ["/a/y.png"]),
        ("<title><img src=no></title><textarea><img src=no></textarea><img src=y>", ["/a/y"]),
        ("<style><img src=no></STYLE ><img src=y>", ["/a/y"]),
        ("<svg><style/><title>x</title></svg><img src=y.png>", ["/a/y.png"]),
        ('<img src="x?a=1&amp;b=2&copy=3&#48;"><IMG SRC=/X.png ALT>', ["/a/x?a=1&b=2&copy=30", "/X.png"]),
        ('<img src="y.png" src="no.png"><img src=\n"z.png"\n/>', ["/a/y.png", "/a/z.png"]),
        ("", []),
        ("<<<>>&&&\0<img src=ok.png", []),
    ],
)  # fmt: skip
def test_what_is_named(text: str, found: list[str]) -> None:
    assert named_in(text, URL).assets == tuple(HERE + path for path in found)


def test_other_hosts_and_absolute_urls_stay_as_they_are() -> None:
    text = '<script src="//cdn.example/x.js"></script><img src="https://img.example:444/y.png">'

    assert named_in(text, URL).assets == ("http://cdn.example/x.js", "https://img.example:444/y.png")


def test_a_page_without_end_of_parts_is_cut() -> None:
    text = "".join(f'<img src="/{number}.png">' for number in range(MOST_ASSETS + 500))

    assert len(named_in(text, URL).assets) == MOST_ASSETS


def test_each_distinct_document_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(text: str, url: str) -> Named:
        parsed.append(url)
        return Named((text,))

    monkeypatch.setattr("perftui.engine.clients.page.assets.named_in", parse)
    documents = Documents()
    for _ in range(3):
        assert documents.named(b"one", "one", URL).assets == ("one",)
        assert documents.named(b"two", "two", URL).assets == ("two",)
    assert documents.named(b"one", "one", URL + "2").assets == ("one",)
    assert parsed == [URL, URL, URL + "2"]
    for number in range(200):
        documents.named(str(number).encode(), "", URL)
    assert documents.named(b"one", "one", URL).assets == ("one",)
    assert len(parsed) == 204


@pytest.mark.parametrize(
    "document",
    [
        "<div>" * 50_000 + "<img>" * 50_000 + "</p>" * 50_000, "<picture>" + "<source>" * 50_000 + "<img>" * 50_000,
        "<noscript>" * 50_000, "<!--" * 50_000, "<a" * 100_000, '<a b="' * 50_001, "<a b='\"" * 50_001,
        "<img " + "a=b " * 100_000 + ">", "<img srcset='" + "a 1w, " * 100_000 + "'>", "<script>" * 50_000,
        "<img srcset='/a " + "9" * 5000 + "w'>", "<img src='&#" + "9" * 5000 + ";'>", "<svg>" * 100_000,
        "<base href='/" + "a" * 1_000_000 + "/'>" + "<img src=x>" * 1000, "<img src='#1'>" * 30_000,
        "<img srcset='a 1w' sizes='" + "1" * 500_000 + "'>", "<img srcset='/a 1w' sizes='1..2px, .px, 9.9.9em'>",
        "<video autoplay>" + "<source>" * 50_000, "<iframe srcdoc='" + "&amp;lt;" * 100_000 + "'>",
    ],
)  # fmt: skip
def test_no_document_takes_long(document: str) -> None:
    before_s = time.process_time()
    found = named_in(document, URL).assets

    assert time.process_time() - before_s < 2
    assert len(found) <= 1


def test_what_is_kept_of_documents_is_bounded() -> None:
    documents = Documents()
    long = "".join(f"<img src='/{'a' * 7000}{number}'>" for number in range(1000))
    for number in range(3):
        assert len(documents.named(b"%d" % number, long, f"{URL}{number}").assets) == 1000

    assert documents.characters < 8_000_000
