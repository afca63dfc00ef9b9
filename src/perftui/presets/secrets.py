"""`${env:NAME}` and `${file:path}`: read right before the start, kept in memory only."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from perftui.model.errors import UsageError
from perftui.model.plan import Auth, Check, Operation, Plan, Target
from perftui.model.text import safe_text
from perftui.presets import grammar, texts
from perftui.presets.redaction import typed_values
from perftui.presets.references import strings_of
from perftui.presets.rewriting import rewrite_operations, rewrite_strings
from perftui.presets.text_files import MOST_UPLOAD_BYTES, file_problem, read_text

_MOST_FILE_BYTES = 64 * 1024
_MOST_CERTIFICATE_BYTES = 8 * 1024 * 1024
T = TypeVar("T")


def resolve_secrets(plan: Plan) -> tuple[Plan, tuple[str, ...]]:
    """The plan as it is executed, and every value that must not be stored or shown.

    Resolved text is literal: a `${` in it is escaped. Variables in the target's URL and proxy are settings, not
    secrets, unless a user name or password is in them.

    Raises:
        UsageError: a variable is not set, a file cannot be read, or a value cannot stand where it is used.
    """
    resolver = _Resolver()

    def closed(target: Target) -> Target:
        return replace(target, url="", proxy="")

    def opened(target: Target, source: Target) -> Target:
        return replace(target, url=resolver.open_text(source.url), proxy=resolver.open_text(source.proxy))

    hidden = replace(
        plan,
        target=closed(plan.target),
        targets={name: closed(target) for name, target in plan.targets.items()},
    )
    resolved = rewrite_operations(rewrite_strings(hidden, resolver.text), _with_literal_checks)
    resolved = replace(
        resolved,
        target=opened(resolved.target, plan.target),
        targets={name: opened(target, plan.targets[name]) for name, target in resolved.targets.items()},
    )
    problems = [*resolver.problems, *_problems(resolved)]
    if problems:
        raise UsageError(*dict.fromkeys(problems))
    return resolved, tuple(dict.fromkeys([*resolver.secrets, *typed_secrets(resolved)]))


def typed_secrets(plan: Plan) -> tuple[str, ...]:
    """Secret values that stand in the plan itself, and the forms in which they are sent."""
    auth = plan.target.auth
    found = list(map(_literal, typed_values(plan)))
    if auth is not None:
        pairs = [(_literal(user), _literal(password)) for user, password in filter(None, (auth.basic, auth.digest))]
        found += [_literal(auth.bearer), *(password for _, password in pairs)]
        found += [_literal(pair[1]) for pair in (auth.header, auth.query) if pair]
        found += [_literal(auth.oauth2.client_secret)] if auth.oauth2 else []
        found += [base64.b64encode(":".join(pair).encode()).decode() for pair in pairs]
    for target in (plan.target, *plan.targets.values()):
        if "@" in target.url:
            password = urlsplit(target.url).password or ""
            found += [password, unquote(password)]
    return tuple(filter(None, found))


def _literal(text: str) -> str:
    """The text itself; nothing when it holds a placeholder, which says nothing."""
    try:
        return grammar.literal(text)
    except ValueError:
        return ""


def _with_literal_checks(operation: Operation) -> Operation:
    """Checks compare with the text itself; they are never rendered."""

    def plain(check: Check) -> Check:
        equals = grammar.literal(check.equals) if isinstance(check.equals, str) else check.equals
        return replace(check, contains=grammar.literal(check.contains), equals=equals)

    hit = plain(operation.hit) if operation.hit is not None else None
    return replace(operation, checks=tuple(map(plain, operation.checks)), hit=hit)


class _Resolver:
    """Reads variables and files once, and notes what is missing."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.secrets: list[str] = []
        self._known: dict[grammar.Placeholder, str] = {}

    def text(self, text: str) -> str:
        """The text with secrets read; their values are noted as secret."""
        return self._resolve(text, self.secrets.append)

    def open_text(self, text: str) -> str:
        """The text with values read that are no secrets."""
        return self._resolve(text, lambda _: None)

    def _resolve(self, text: str, note: Callable[[str], None]) -> str:
        if "${env:" not in text and "${file:" not in text:
            return text
        segments: list[grammar.Segment] = []
        for segment in grammar.split(text):
            if isinstance(segment, grammar.Placeholder) and segment.kind in grammar.SECRET_KINDS:
                value = self._read(segment)
                note(value)
                segments.append(value)
            else:
                segments.append(segment)
        return grammar.join(segments)

    def _read(self, placeholder: grammar.Placeholder) -> str:
        if placeholder not in self._known:
            read = _read_variable if placeholder.kind == "env" else _read_file
            try:
                self._known[placeholder] = read(placeholder.argument)
            except UsageError as error:
                self.problems += error.problems
                self._known[placeholder] = "missing"
        return self._known[placeholder]


def _read_variable(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise UsageError(f"the environment variable {name} is not set; the preset uses it as ${{env:{name}}}")
    if any(0xD800 <= ord(character) < 0xE000 for character in value):
        raise UsageError(f"the environment variable {name} is not UTF-8")
    return value


def _read_file(path: str) -> str:
    return read_text(Path(path), _MOST_FILE_BYTES).rstrip("\r\n")


def _problems(plan: Plan) -> list[str]:
    """What resolved values break: a line end in a header or a path, a URL that is none."""
    named = {f"targets.{name}": target for name, target in plan.targets.items()}
    if plan.target.url or "" in plan.used_targets:
        named["target"] = plan.target
    found = [f"{name}.url: {problem}" for name, one in named.items() if (problem := texts.target_problem(one.url))]
    if (auth := plan.target.auth) and auth.oauth2 and (problem := texts.url_problem(auth.oauth2.token_url)):
        found.append(f"target.auth.oauth2.token_url: {problem}")
    found += _file_problems(plan)
    places: list[tuple[str, Target | Operation]] = [*named.items()]
    every = (*plan.counted_operations, *plan.before, *plan.after)
    places += [(operation.name, operation) for operation in every]
    if auth and auth.login:
        places.append(("target.auth.login", auth.login.request))
    for place, part in places:
        for name, value in part.headers.items():
            lines = [value] if isinstance(value, str) else value
            problems = dict.fromkeys(problem for line in lines if (problem := texts.header_value_problem(line)))
            found += [f"{place}: header {safe_text(name, 60)}: the value {problem}" for problem in problems]
        if isinstance(part, Operation) and any(character in part.path for character in "\r\n\0"):
            found.append(f"{place}: the path holds a line end or NUL")
    if auth and any(texts.header_value_problem(text) for text in _header_texts(auth)):
        found.append("target.auth: a value holds a line end or NUL, which no header can")
    return found


def _file_problems(plan: Plan) -> list[str]:
    """Files that are read when workers start: what would hang them, or fill their memory, is told before."""
    files: list[tuple[str, str, int]] = []
    for operation in (*plan.counted_operations, *plan.before, *plan.after):
        files.append((f"{operation.name}: body_file", operation.body_file, MOST_UPLOAD_BYTES))
        files += [(f"{operation.name}: multipart", part.file, MOST_UPLOAD_BYTES) for part in operation.multipart]
    for target in (plan.target, *plan.targets.values()):
        tls = target.tls
        files += [
            (f"target.tls.{name}", getattr(tls, name), _MOST_CERTIFICATE_BYTES)
            for name in ("ca_file", "cert_file", "key_file")
        ]
    return [
        f"{place}: {safe_text(file)}: {problem}"
        for place, file, most in files
        if file and (problem := file_problem(Path(file), most))
    ]


def _header_texts(auth: Auth) -> list[str]:
    """What of it is sent in headers."""
    return [text for part in (auth.bearer, auth.basic, auth.header, auth.digest) for text in strings_of(part)]
