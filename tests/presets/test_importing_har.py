"""HAR recordings as browsers save them: hundreds of entries, most of which are nothing that a user did."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perftui.model.plan import Part, Plan
from perftui.presets.importing.har import import_har
from perftui.presets.loading import parse_preset
from perftui.presets.toml_files import decode_preset

SHOP = "https://www.shop.example"
BOUNDARY = "----WebKitFormBoundaryAbC"
UPLOAD = "\r\n".join(
    [
        f"--{BOUNDARY}",
        'Content-Disposition: form-data; name="title"',
        "",
        "My photo",
        f"--{BOUNDARY}",
        'Content-Disposition: form-data; name="file"; filename="p.png"',
        "Content-Type: image/png",
        "",
        "\ufffdPNG\x00",
        f"--{BOUNDARY}--",
        "",
    ]
)


def pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    """Headers as HAR has them."""
    return [{"name": name, "value": value} for name, value in headers.items()]


def entry(method: str, url: str, status: int = 200, mime: str = "application/json", **more: Any) -> dict[str, Any]:
    """An entry as a browser writes it: HTTP/2, cookies, headers of its cache."""
    given = {
        ":authority": "x",
        ":method": method,
        "accept": "*/*",
        "cookie": more.pop("cookie", "consent=1"),
        "if-none-match": '"1"',
    }
    headers = pairs({**given, **more.pop("headers", {})})
    return {
        "startedDateTime": "2026-05-01T10:00:00.000Z",
        "time": 10,
        "request": {"method": method, "url": url, "headers": headers, "postData": more.pop("post", None)},
        "response": {"status": status, "headers": pairs(more.pop("sets", {})), "content": {"mimeType": mime}},
        **more,
    }


def recorded(*entries: dict[str, Any]) -> tuple[Plan, str]:
    """The plan and the text of a recording that begins with a page."""
    home = entry("GET", f"{SHOP}/", mime="text/html")
    text = import_har(json.dumps({"log": {"entries": [home, *entries]}}), "shop")
    return parse_preset(text, "imported.toml"), text


def test_what_a_user_did_is_found_among_hundreds_of_entries() -> None:
    noise = [entry("GET", "http://shop.example/", 301, "text/html")]
    noise += [entry("GET", f"{SHOP}/static/{number}.js?v=1") for number in range(120)]
    noise += [entry("POST", "https://analytics.example/collect", 204) for _ in range(150)]
    noise += [entry("GET", "data:application/octet-stream;base64,AAAA" + "A" * 5000) for _ in range(9)]
    noise += [entry("GET", "wss://www.shop.example/socket?token=abcdef", 101, _webSocketMessages=[{"data": "hi"}])]
    noise += [entry("OPTIONS", f"{SHOP}/api", 204, _resourceType="preflight")]
    noise += [entry("GET", f"{SHOP}/blocked", 0), entry("GET", f"{SHOP}/gone", 404)]
    plan, text = recorded(*noise, *[entry("GET", f"{SHOP}/api/items?page={page}") for page in range(30)])
    assert plan.target.url == SHOP
    assert len(plan.journeys[0].steps) == 32
    assert {name: target.url for name, target in plan.targets.items()} == {"shop-example": "http://shop.example"}
    assert plan.target.headers == {"accept": "*/*", "cookie": "${env:COOKIE}"}
    assert not any(step.headers for step in plan.journeys[0].steps)
    assert text.splitlines()[:9] == [
        "# set before the run: COOKIE",
        "# left out, as parts of pages: 120 images, styles, scripts or fonts",
        "# left out, what the browser's cache asked for: the header: if-none-match",
        "# left out, asked by the browser itself: OPTIONS /api",
        "# left out, not answered when they were recorded: GET /blocked",
        "# left out, answered with an error when they were recorded: GET /gone",
        "# left out, as they are not HTTP: GET data:application/octet-st…, GET wss://www.shop.example/socket",
        "# left out, to other sites: https://analytics.example (150)",
        "schema = 1",
    ]


def test_bodies_become_what_they_are() -> None:
    urlencoded = {"content-type": "application/x-www-form-urlencoded"}
    multipart = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    params = [{"name": "a%5B%5D", "value": "1+2"}]
    plan, text = recorded(
        entry("POST", f"{SHOP}/form", headers=urlencoded, post={"text": "a%5B%5D=1+2&b=", "params": params}),
        entry("POST", f"{SHOP}/list", headers=urlencoded, post={"text": "a=1&a=2"}),
        entry("POST", f"{SHOP}/text", headers=multipart, post={"text": UPLOAD}),
        entry("POST", f"{SHOP}/params", headers=multipart, post={"params": [{"name": "f", "fileName": "x.pdf"}]}),
        entry("PUT", f"{SHOP}/blob", post={"mimeType": "application/octet-stream", "text": "\x00\x01\u00ff"}),
        entry("PUT", f"{SHOP}/base64", post={"mimeType": "text/plain", "text": "aGVsbG8=", "encoding": "base64"}),
        entry("PUT", f"{SHOP}/large", post={"mimeType": "application/json", "text": json.dumps("x" * 1_500_000)}),
    )
    steps = {step.path: step for step in plan.journeys[0].steps}
    assert steps["/form"].body == "a%5B%5D=1+2&b="
    assert steps["/list"].body == "a=1&a=2"
    photo = Part(name="file", filename="p.png", content_type="image/png")
    assert steps["/text"].multipart == (Part(name="title", value="My photo"), photo)
    assert steps["/params"].multipart == (Part(name="f", filename="x.pdf"),)
    assert steps["/base64"].body == "hello"
    assert not steps["/blob"].body
    assert not steps["/large"].body
    assert "# left out, the bytes of p.png; write file = ... in that part: POST /text\n" in text
    assert "# left out, its binary body; write body_file = ...: PUT /blob\n" in text
    assert "# left out, its body of 1,500,002 characters; write body_file = ...: PUT /large\n" in text


@pytest.mark.slow
def test_a_preset_that_can_be_read_again_is_not_too_large() -> None:
    body = {"mimeType": "application/json", "text": json.dumps({"text": 'é"\n' * 6_000})}
    plan, text = recorded(*[entry("POST", f"{SHOP}/{number}", post=body) for number in range(60)])
    decode_preset(text.encode(), "imported.toml")
    assert 5 < len(plan.journeys[0].steps) < 60
    assert "# left out, as the preset would be too large: POST /" in text


def test_cookies_of_the_recording_are_left_to_each_user() -> None:
    plan, text = recorded(
        entry("POST", f"{SHOP}/login", 201, sets={"Set-Cookie": "session=s3cr3t; Path=/; HttpOnly\nshard=7"}),
        entry("GET", f"{SHOP}/me", cookie="session=s3cr3t; shard=7"),
        entry("GET", f"{SHOP}/cart", cookie="consent=1; session=s3cr3t"),
    )
    cookies = [step.headers.get("cookie") for step in plan.journeys[0].steps]
    assert cookies == ["${env:COOKIE}", "${env:COOKIE}", None, "${env:COOKIE}"]
    assert "# left out, as each user gets its own, the cookie: session, shard\n" in text
    assert "s3cr3t" not in text


def test_null_is_what_recorders_do_not_know() -> None:
    unknown = {"method": "GET", "url": f"{SHOP}/a", "headers": [{"name": "X", "value": None}], "postData": None}
    empty = {"mimeType": None, "text": None, "params": None}
    plan, _ = recorded(
        {"startedDateTime": None, "time": None, "request": unknown, "response": {"status": 200, "content": None}},
        {"time": "12.5", "request": {**unknown, "headers": None, "postData": empty}, "response": None},
    )
    assert [step.path for step in plan.journeys[0].steps] == ["/", "/a", "/a"]
