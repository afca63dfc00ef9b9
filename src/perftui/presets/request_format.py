"""The tables of a request in a preset file: operations, checks, captures, parts of a body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perftui.model.plan import Capture, Check, Operation, Part
from perftui.model.text import safe_text
from perftui.presets import drivers, texts
from perftui.presets.drivers import DriverFormat
from perftui.presets.grammar import KINDS, KINDS_WITHOUT_ARGUMENT, SECRET_KINDS
from perftui.presets.kinds import BAD, Duration, Flag, Kind, ListOf, MapOf, Number, OneOrMore, Schema, Size, Text, show
from perftui.presets.problems import KeyPath, Problems
from perftui.presets.sections import Key, Section, at_most_one, exactly_one, parts_said, struct_builder

ANY_PLACEHOLDER = (*KINDS, *KINDS_WITHOUT_ARGUMENT, "var")
HEADER_VALUE = Text(allow=ANY_PLACEHOLDER, check=texts.header_value_problem, empty=True)
HEADERS = MapOf(OneOrMore(HEADER_VALUE), check_name=texts.header_name_problem)
NAME = Text(check=texts.label_problem, most=200)
_FREE = Text(allow=ANY_PLACEHOLDER, empty=True, most=1_000_000)
_EXPECTED = Text(allow=SECRET_KINDS, empty=True)
FILE = Text(check=texts.file_problem, most=4096)
_JSON_NUMBER = Number(low=-1e300, high=1e300)
_ROWS = Number(whole=True, high=1e12)
_BODIES = ("json", "form", "body", "body_file", "multipart")
_MOST_JSON_DEPTH = 64


class Think(Kind):
    """A wait: one duration, or two between which it is drawn."""

    _duration = Duration(high=3600.0, zero=True)

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if not isinstance(value, list):
            wait = self._duration.read(value, path, problems)
            return BAD if wait is BAD else (wait, wait)
        if len(value) != 2:
            problems.add(path, 'write one duration or two, such as ["1s", "3s"]')
            return BAD
        low, high = (self._duration.read(inner, (*path, number), problems) for number, inner in enumerate(value))
        if not isinstance(low, float) or not isinstance(high, float):
            return BAD
        if low > high:
            problems.add(path, "the first duration is longer than the second")
            return BAD
        return (low, high)

    def write(self, value: tuple[float, float]) -> object:
        """One duration where both are the same."""
        low, high = map(self._duration.write, value)
        return low if low == high else [low, high]

    def _schema(self) -> Schema:
        one = self._duration.schema()
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 2, "maxItems": 2}]}


class QueryValue(Kind):
    """A query parameter's value: text, number, true or false, or a list of texts."""

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return BAD if _JSON_NUMBER.read(value, path, problems) is BAD else value
        if isinstance(value, list):
            texts_read = [_FREE.read(inner, (*path, number), problems) for number, inner in enumerate(value)]
            return BAD if BAD in texts_read else texts_read
        return _FREE.read(value, path, problems)

    def _schema(self) -> Schema:
        return {"type": ["string", "number", "boolean", "array"], "items": {"type": "string"}}


class Document(Kind):
    """Any JSON document, placeholders in its strings."""

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        return value if self._good(value, path, problems, 0) else BAD

    def _good(self, value: object, path: KeyPath, problems: Problems, depth: int) -> bool:
        if depth > _MOST_JSON_DEPTH:
            problems.add(path[:4], f"is nested deeper than {_MOST_JSON_DEPTH}")
            return False
        match value:
            case str():
                return _FREE.read(value, path, problems) is not BAD
            case dict():
                good = [
                    self._good(inner, (*path, name), problems, depth + 1) and self._good(name, path, problems, depth)
                    for name, inner in value.items()
                ]
                return all(good)
            case list():
                good = [self._good(inner, (*path, at), problems, depth + 1) for at, inner in enumerate(value)]
                return all(good)
            case bool():
                return True
            case int() | float():
                return _JSON_NUMBER.read(value, path, problems) is not BAD
            case _:
                problems.add(path, f"{show(value)} has no place in JSON; put it in quotes")
                return False

    def _schema(self) -> Schema:
        return {}


SIZE = Size(low=0, high=1 << 30)
VALUES = MapOf(Document(), check_name=texts.variable_problem)
"""Named values of any kind, placeholders in their strings: parameters of a statement or a call."""


def _one_subject(names: Sequence[str]) -> str:
    if not set(names) - {"name"}:
        return f"checks nothing; say {', '.join(name for name in CHECK_KEYS if name != 'name')}"
    return "'json' and 'header' in one check; make two checks of it" if {"json", "header"} <= set(names) else ""


def _build_check(read: dict[str, Any], path: KeyPath, problems: Problems) -> object:
    if read.get("max_rows") is not None and read.get("min_rows", 0) > read["max_rows"]:
        problems.add(path, "min_rows is above max_rows: no answer can hold that")
        return BAD
    if read.get("max_bytes") and read.get("min_bytes", 0) > read["max_bytes"]:
        problems.add(path, "min_bytes is above max_bytes: no body can hold that")
        return BAD
    read.setdefault("name", _check_name(read))
    return Check(**read)


def _check_name(read: dict[str, Any]) -> str:
    if "status" in read:
        return f"status {'/'.join(map(str, read['status']))}"
    for name in ("json", "header", "contains", "matches", "equals"):
        if name in read:
            tail = f" = {read['equals']}" if "equals" in read and name != "equals" else ""
            return safe_text(f"{name} {read[name]}{tail}", 60)
    if read.keys() & {"rows", "min_rows", "max_rows"}:
        return f"rows {read['rows']}" if "rows" in read else "rows"
    if "not_nil" in read:
        return "not nil"
    return "size" if "min_bytes" in read or "max_bytes" in read else "time"


class _Scalar(Kind):
    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if isinstance(value, str):
            return _EXPECTED.read(value, path, problems)
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return BAD if _JSON_NUMBER.read(value, path, problems) is BAD else value
        problems.add(path, f"{show(value)} is not a text, number, true or false")
        return BAD

    def _schema(self) -> Schema:
        return {"type": ["string", "number", "boolean"]}


CHECK_KEYS = {
    "name": Key(NAME, "Name under which failures are counted."),
    "status": Key(
        ListOf(Number(low=100, high=599, whole=True, quoted=True), single=True, least=1, most=100),
        "Statuses that are right.",
    ),
    "header": Key(Text(check=texts.response_header_problem), "Header that must be present."),
    "json": Key(Text(check=texts.json_path_problem), "JSON path that must exist in the body, such as $.items[0].id."),
    "equals": Key(_Scalar(), "Value that the header, the JSON path or else the body must have."),
    "contains": Key(Text(allow=SECRET_KINDS), "Text that the header, the JSON value or the body must contain."),
    "matches": Key(Text(check=texts.regex_problem), "Regular expression searched in the same."),
    "min_bytes": Key(Number(whole=True, high=1e12), "Least size of the body."),
    "max_bytes": Key(Number(whole=True, high=1e12, above=True), "Largest size of the body."),
    "max_time": Key(Duration(), "Longest time the request may take.", to="max_time_s"),
    "rows": Key(_ROWS, "How many rows, entries or replies there must be."),
    "min_rows": Key(_ROWS, "Least number of rows, entries or replies."),
    "max_rows": Key(_ROWS, "Largest number of rows, entries or replies."),
    "not_nil": Key(Flag(), "There must be a value: a key that is there, a row, a body."),
}
CHECK = Section(
    CHECK_KEYS,
    _build_check,
    "A condition on a response; every key that is set must hold.",
    _one_subject,
)


def _one_source(names: Sequence[str]) -> str:
    sources = [name for name in ("json", "header", "regex", "cookie") if name in names]
    if len(sources) == 1:
        return ""
    found = f"has {' and '.join(sources)}" if sources else "has no source"
    return f"{found}; a capture takes its value from one of json, header, regex or cookie"


CAPTURE = Section(
    {
        "name": Key(Text(check=texts.variable_problem), "Later requests use the value as ${name}.", required=True),
        "json": Key(Text(check=texts.json_path_problem), "JSON path of the value in the body."),
        "header": Key(Text(check=texts.response_header_problem), "Header that holds the value."),
        "regex": Key(Text(check=texts.regex_problem), "Expression searched in the body; its first group is the value."),
        "cookie": Key(Text(check=texts.header_name_problem), "Cookie that holds the value."),
    },
    struct_builder(Capture),
    "A value taken from a response for later requests.",
    _one_source,
    schema=exactly_one("json", "header", "regex", "cookie"),
)


PART = Section(
    {
        "name": Key(Text(allow=ANY_PLACEHOLDER, most=200), "Name of the form field.", required=True),
        "value": Key(_FREE, "Value of the field."),
        "file": Key(FILE, "File whose bytes are sent; relative to the preset's directory."),
        "filename": Key(HEADER_VALUE, "Name of the file as the server sees it."),
        "content_type": Key(HEADER_VALUE, "Type of the file."),
    },
    struct_builder(Part),
    "A part of a multipart body.",
    lambda names: "a part has either a value or a file" if ("file" in names) == ("value" in names) else "",
)


def _one_body(names: Sequence[str]) -> str:
    bodies = [name for name in _BODIES if name in names]
    if len(bodies) > 1:
        return f"has {' and '.join(bodies)}; a request has one body"
    if bodies and "method" not in names:
        return f'has {bodies[0]}, but method is GET; write method = "POST" (or PUT, PATCH, DELETE)'
    return ""


def _build_operation(read: dict[str, Any], _path: KeyPath, _problems: Problems) -> object:
    read.setdefault("name", f"{read.get('method', 'GET')} {read.get('path', '/')}"[:200])
    return Operation(**read)


COMMON_KEYS = {
    "name": Key(NAME, "Name under which results are kept."),
    "weight": Key(Number(above=True, high=1e6), "Share of the requests, relative to the other weights."),
    "target": Key(NAME, "Name of the target in [targets] that it goes to; the preset's own when not said."),
    "checks": Key(ListOf(CHECK), "Conditions on the response; without a status, 400 and above are errors."),
    "captures": Key(ListOf(CAPTURE), "Values taken from the response."),
    "hit": Key(CHECK, "What a good answer must be to count as a hit: gives hit_rate, and the times of both apart."),
}
"""Of operations of every protocol."""
OPERATION_KEYS = {
    **COMMON_KEYS,
    "method": Key(
        Text(check=texts.method_problem, pattern=r"^[!#$%&'*+.^_`|~0-9A-Z-]{1,32}$"), "HTTP method; GET when not said."
    ),
    "path": Key(
        Text(allow=ANY_PLACEHOLDER, check=texts.path_problem, most=16_000, pattern="^/"),
        "Path appended to target.url.",
        required=True,
    ),
    "query": Key(MapOf(QueryValue(), check_name=_FREE.problem), "Query parameters."),
    "headers": Key(HEADERS, "Headers of this request, over those of the target."),
    "json": Key(Document(), "JSON body."),
    "form": Key(MapOf(_FREE, check_name=_FREE.problem), "Form fields, sent URL-encoded."),
    "body": Key(_FREE, "Body as text."),
    "body_file": Key(FILE, "File whose bytes are the body; relative to the preset's directory."),
    "multipart": Key(ListOf(PART, least=1), "Parts of a multipart body."),
}


_NOT_OF_OPERATIONS = {
    "url": "to [target]; an operation has the path",
    "timeout": "to [target]",
    "auth": "to [target]",
    "status": "to checks, such as checks = [{ status = 200 }]",
    "rate": "to [load]; operations share it by weight",
    "users": "to [load]; operations share them by weight",
}


class OperationKind(Kind):
    """An operation of any protocol: the key that only one protocol has says which."""

    def __init__(self, doc: str, *, lacks: Sequence[str] = (), extra: Mapping[str, Key] | None = None) -> None:
        """Describe the operations of one place in the file.

        Args:
            doc: one sentence for editors.
            lacks: keys that have no meaning there.
            extra: keys that are there besides.
        """
        self._doc = doc
        self._common = {name: key for name, key in COMMON_KEYS.items() if name not in lacks} | dict(extra or {})
        http = {name: key for name, key in OPERATION_KEYS.items() if name not in COMMON_KEYS}
        self._http = Section(
            {**self._common, **http},
            _build_operation,
            doc,
            _one_body,
            elsewhere=_NOT_OF_OPERATIONS,
            schema=at_most_one(*_BODIES) | {"dependencies": {name: ["method"] for name in _BODIES}},
        )
        self._known = {*self._common, *http}

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        driver = None
        if isinstance(value, Mapping) and not self._known.issuperset(value):  # only then are drivers looked for
            driver = drivers.driver_of_table(value)
        section = self._http if driver is None else self._section(driver)
        return section.read(value, path, problems)

    def write(self, value: Operation) -> object:
        """The table of its protocol."""
        driver = drivers.driver_named(value.driver)
        return (self._section(driver) if driver.keys else self._http).write(value)

    def _section(self, driver: DriverFormat) -> Section:
        first = next(iter(driver.keys))
        keys = {**self._common, **driver.keys}

        def build(read: dict[str, Any], _path: KeyPath, _problems: Problems) -> object:
            names = [key.to or name for name, key in driver.keys.items()]
            request = {name: read.pop(name) for name in names if name in read}
            read.setdefault("name", safe_text(f"{first} {_title(request.get(names[0], ''))}", 200))
            return Operation(
                driver=driver.name,
                request=request,
                reads_only=driver.only_reads(request),
                also=drivers.further_targets(driver, request),
                **read,
            )

        def parts(operation: Operation) -> dict[str, object]:
            own = {name: key.to or name for name, key in driver.keys.items()}
            said = {name: operation.request[field] for name, field in own.items() if field in operation.request}
            return {**parts_said(operation, self._common), **said}

        return Section(keys, build, f"{self._doc[:-1]}, by {driver.name}.", parts=parts)

    def _schema(self) -> Schema:
        others = [self._section(driver).schema() for driver in drivers.drivers().values() if driver.keys]
        return {"anyOf": [self._http.schema(), *others]}


def _title(value: object) -> str:
    """The start of what an operation says, for its name."""
    while isinstance(value, list | tuple) and value:
        value = " ".join(map(str, value)) if isinstance(value[0], str) else value[0]
    return " ".join(str(value).split())[:100]


OPERATION = OperationKind("One kind of request.")
STEP = OperationKind(
    "One request of a journey.",
    lacks=("weight",),
    extra={"think": Key(Think(), "Wait before this step.", to="think_s")},
)
REQUEST = OperationKind("One request that is not counted.", lacks=("weight", "hit"))
