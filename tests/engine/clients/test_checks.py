"""Checks: what each accepts, and what it says when it does not."""

from __future__ import annotations

import time

import pytest

from perftui.engine.clients.checks import CompiledCheck
from perftui.engine.clients.http.reader import ResponseReader
from perftui.model.plan import Check

pytestmark = pytest.mark.quick

BODY = b'{"id": 7, "name": "lamp", "on": true, "tags": ["a", "b"], "none": null}'


def response(status: int = 200, body: bytes = BODY, headers: bytes = b"X-Kind: shop\r\n") -> ResponseReader:
    reader = ResponseReader(head_only=False, keep_body=True)
    reader.feed(b"HTTP/1.1 %d X\r\n%bContent-Length: %d\r\n\r\n%b" % (status, headers, len(body), body))
    assert reader.done
    return reader


@pytest.mark.parametrize(
    "check",
    [
        Check(status=(200, 201)),
        Check(header="x-kind"),
        Check(header="X-Kind", equals="shop"),
        Check(header="X-Kind", contains="ho", matches="^s"),
        Check(json="$.id", equals=7),
        Check(json="$.on", equals=True),
        Check(json="$.none"),
        Check(json="$.tags[1]", equals="b"),
        Check(json="$.name", contains="am", matches="p$"),
        Check(json="$.tags", contains='"a"'),
        Check(contains="lamp"),
        Check(matches=r'"id": \d'),
        Check(equals=BODY.decode()),
        Check(min_bytes=10, max_bytes=1000),
        Check(max_time_s=0.2),
    ],
)
def test_checks_that_hold(check: Check) -> None:
    assert CompiledCheck(check).fault(response(), 0.1) is None


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        (Check(status=(201, 204)), "status 200, wanted 201, 204"),
        (Check(header="X-None"), "no header x-none"),
        (Check(header="X-Kind", equals="other"), "'shop', wanted 'other'"),
        (Check(json="$.id", equals="7"), "7 at $.id, wanted 7"),
        (Check(json="$.on", equals=1), "true at $.on, wanted 1"),
        (Check(json="$.price"), "nothing at $.price"),
        (Check(json="$.name", matches="^x"), "'lamp' does not match '^x'"),
        (Check(contains="chair"), "does not contain 'chair'"),
        (Check(min_bytes=1000), "body of 71 bytes, wanted at least 1,000"),
        (Check(max_bytes=10), "body of 71 bytes, wanted at most 10"),
        (Check(max_time_s=0.05), "took 100ms, wanted at most 50ms"),
    ],
)
def test_checks_that_do_not(check: Check, fault: str) -> None:
    said = CompiledCheck(check).fault(response(), 0.1)
    assert said is not None
    assert fault in said


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 50_000, b'{"a":'])
def test_bodies_that_are_no_json(body: bytes) -> None:
    assert CompiledCheck(Check(json="$.a")).fault(response(body=body), 0.1) == "the body is no JSON"


def test_names_are_safe_to_print() -> None:
    assert CompiledCheck(Check(name="a\x1b[2J")).name == "a\\x1b[2J"
    checks = (Check(status=(200,)), Check(json="$.a"), Check(contains="x"), Check(max_bytes=1))
    assert [CompiledCheck(check).name for check in checks] == ["status", "json $.a", "body", "size"]


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|a)*$", "(.*a){12}$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_pattern_takes_long(pattern: str) -> None:
    answer = response(body=b"a" * 31 + b"!" + b"a" * 100_000 + b"!", headers=b"")
    begin_s = time.perf_counter()
    check = CompiledCheck(Check(name="slow", matches=pattern))
    found = check.fault(answer, 0.1)
    assert found is None or "does not match" in found
    assert time.perf_counter() - begin_s < 2
