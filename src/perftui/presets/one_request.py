"""One request of a URL: the preset that it means, and how the command line shapes the request."""

from __future__ import annotations

import mimetypes
import re
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from perftui.model.errors import UsageError
from perftui.model.plan import Frozen, Operation, Plan
from perftui.model.text import is_unicode
from perftui.presets import texts
from perftui.presets.kinds import Kind
from perftui.presets.problems import GIVEN_URL, Problems
from perftui.presets.request_format import HEADER_VALUE, OPERATION_KEYS
from perftui.presets.urls import full_url, preset_for

USERS = 50
WARMUP = "2s"
DURATION = "10s"
WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON = "application/json"
_PLAIN = "text/plain; charset=utf-8"
_LONGEST_NAME = 40


class RequestOverrides(Frozen, frozen=True, kw_only=True):
    """What the command line says about the request itself; None keeps the preset's."""

    method: str | None = None
    body: str | None = None
    body_file: str | None = None
    """Path of a file whose bytes are the body, instead of `body`."""
    is_json: bool = False
    """Whether the body was given as JSON, and so has to be some."""
    content_type: str | None = None


def url_preset(url: str) -> str:
    """The text of the preset that a URL alone means: users who ask for it again and again.

    Args:
        url: with or without its scheme.

    Raises:
        UsageError: it cannot be loaded.
    """
    from perftui.presets.writing import write_preset

    url = full_url(url)
    if problem := texts.target_problem(url):
        raise UsageError(f"{GIVEN_URL}: {problem}")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        named = preset_for(parts.scheme)
        how = f": perftui run {named} {parts.scheme}://…" if named else ""
        raise UsageError(
            f"{GIVEN_URL}: alone it is an HTTP request; what to ask {parts.scheme}:// is said by a preset{how}"
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    tables: dict[str, Any] = {
        "schema": 1,
        "name": name_of(parts.path),
        "target": {"url": f"{parts.scheme}://{parts.netloc}"},
        "load": {"mode": "users", "users": USERS, "warmup": WARMUP, "duration": DURATION, "workers": 0},
        "operations": [{"path": path}],
    }
    return write_preset(tables)


def identity_of(url: str) -> tuple[str, str]:
    """Name and target of the preset that a URL alone means."""
    parts = urlsplit(full_url(url))
    return name_of(parts.path), f"{parts.scheme}://{parts.netloc}"


def name_of(path: str) -> str:
    """A name for the preset of a path, the same every time: `api-items` for `/api/items`."""
    words = re.sub(r"[^A-Za-z0-9._]+", "-", path).strip("-._")[:_LONGEST_NAME].strip("-._")
    return words if words and not texts.name_problem(words) else "url"


def apply_request(plan: Plan, request: RequestOverrides, problems: Problems) -> Plan:
    """The plan with its one request changed; mistakes are noted and leave it as it is."""
    if request == RequestOverrides():
        return plan
    if len(plan.operations) != 1 or plan.journeys:
        given = next(name for name, value in _given(request).items() if value is not None)
        count = len(plan.counted_operations)
        problems.add((given,), f"is for one request, and {plan.name} has {count}; give a URL with a path")
        return plan
    operation = plan.operations[0]
    noted = len(list(problems))
    if request.body is not None or request.body_file is not None:
        operation = _with_body(operation, request, problems)
    if request.method is not None:
        method = request.method.upper()
        _check("--method", method, OPERATION_KEYS["method"].kind, problems)
        operation = replace(operation, method=method)
    if request.content_type is not None:
        if not is_unicode(request.content_type):
            problems.add(("--content-type",), "is not UTF-8")
        _check("--content-type", request.content_type, HEADER_VALUE, problems)
        operation = _with_type(operation, request.content_type)
    if len(list(problems)) > noted:
        return plan
    own_name = plan.operations[0].name == f"{plan.operations[0].method} {operation.path}"[:200]
    if own_name:  # nobody gave it another
        operation = replace(operation, name=f"{operation.method} {operation.path}"[:200])
    return replace(plan, operations=(operation,))


def _given(request: RequestOverrides) -> dict[str, object]:
    body = request.body if request.body is not None else request.body_file
    return {
        "--method": request.method,
        "--json" if request.is_json else "--body": body,
        "--content-type": request.content_type,
    }


def _with_body(operation: Operation, request: RequestOverrides, problems: Problems) -> Operation:
    name = "--json" if request.is_json else "--body"
    method = "POST" if operation.method in WITHOUT_BODY else operation.method
    operation = replace(operation, method=method, json=None, form={}, multipart=(), body="", body_file="")
    if request.body_file is not None:
        operation = replace(operation, body_file=request.body_file)
        known = _JSON if request.is_json else mimetypes.guess_type(request.body_file)[0]
        return _with_type(operation, known) if known and (request.is_json or not _is_typed(operation)) else operation
    body = request.body or ""
    if not is_unicode(body):
        problems.add((name,), "is not UTF-8; put such bytes into a file, and write @FILE")
        return operation
    _check(name, body, OPERATION_KEYS["body"].kind, problems)
    if request.is_json and not _is_json(body):
        problems.add((name,), "is no JSON; check quotes and commas, or use --body")
    if request.is_json or not _is_typed(operation):
        operation = _with_type(operation, _JSON if request.is_json or _looks_like_json(body) else _PLAIN)
    return replace(operation, body=body)


def _is_typed(operation: Operation) -> bool:
    return any(header.lower() == "content-type" for header in operation.headers)


def _with_type(operation: Operation, content_type: str) -> Operation:
    headers = {name: value for name, value in operation.headers.items() if name.lower() != "content-type"}
    return replace(operation, headers={**headers, "Content-Type": content_type})


def _looks_like_json(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["} and _is_json(text)


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def _check(name: str, value: str, kind: Kind, problems: Problems) -> None:
    kind.read(value, (name,), problems)
