"""One failed exchange in full, and the same as a curl command. Pure; its texts were made safe where they came in."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

from textual.content import Content

from perftui.model.error_classes import error_class
from perftui.model.interval import ErrorSample
from perftui.model.plan import Plan
from perftui.model.units import format_clock, format_ms
from perftui.tui.widgets.cells import Drawing, Text, paint

_LABEL = 10


def sample_drawing(sample: ErrorSample | None, number: int, of: int, width: int) -> Drawing:
    """Operation, request, response and timing of a sample.

    Args:
        sample: what was kept; None when a class has none.
        number: of this sample among those of its class, from 1.
        of: samples of the class.
        width: cells.
    """
    if sample is None:
        return Drawing([paint("No exchange was kept.", "$quiet")], title="Sample")
    lines: list[Text] = []
    rows = [
        ("class", _meaning(sample.error_class)),
        ("operation", sample.operation),
        ("at", f"{format_clock(sample.at_s)} of the run, {_seen(sample.count)}"),
        ("time", f"{format_ms(sample.service_time_ms)} ms from send to failure"),
        ("status", f"{sample.status}" if sample.status else "no answer"),
        ("what", sample.detail),
    ]
    for name, value in rows:
        lines += _wrapped(name, value, width) if value else []
    lines += _block(
        "Request", [sample.request_line, *(f"{name}: {value}" for name, value in sample.request_headers)], width
    )
    lines += _block("Response", sample.response_head.splitlines(), width)
    lines += _block("First bytes of the body", [sample.body_start] if sample.body_start else [], width)
    note = f"sample {number} of {of}"
    return Drawing(lines, title=sample.error_class, note=note, status="y copies it as a curl command")


def _seen(count: int) -> str:
    """What is kept is the first of its kind."""
    return "the only one like this" if count == 1 else f"the first of {count:,} like this"


def _meaning(name: str) -> str:
    """What a class means; nothing for a name that a newer version has written."""
    try:
        return error_class(name).meaning
    except (KeyError, ValueError):
        return ""


def _wrapped(name: str, value: str, width: int) -> list[Text]:
    pieces = Content(value).wrap(max(10, width - _LABEL))
    return [paint((name if not number else "").ljust(_LABEL), "$quiet") + piece for number, piece in enumerate(pieces)]


def _block(title: str, texts: list[str], width: int) -> list[Text]:
    kept = [text for text in texts if text]
    if not kept:
        return []
    lines: list[Text] = ["", paint(title, "bold $panel-title")]
    for text in kept:
        lines += [Content("  ") + piece for piece in Content(text).wrap(max(10, width - 2))]
    return lines


def curl_command(sample: ErrorSample, plan: Plan) -> str:
    """The request as a command for a shell. Secrets stay redacted; bodies are not kept and so not in it."""
    method, _, rest = sample.request_line.partition(" ")
    path = rest.rsplit(" ", 1)[0] if " HTTP/" in rest else rest
    target = urlsplit(plan.target.url)
    url = path if "://" in path else f"{target.scheme}://{target.netloc}{path or '/'}"
    words = ["curl", "-i"]
    if method and method != "GET":
        words += ["-X", method]
    for name, value in sample.request_headers:
        if name.lower() not in {"host", "content-length"}:
            words += ["-H", f"{name}: {value}"]
    return " ".join(shlex.quote(word) for word in [*words, url])
