"""Whatever stands in the structure of what is imported, a preset that can be checked comes of it, or a refusal.

Texts with a part replaced are tried beside each importer; here whole documents are built from the parts that each kind
has, with anything in the places of values.
"""

from __future__ import annotations

import copy
import json
import shlex
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.model.errors import UsageError
from perftui.presets.importing.any_file import IMPORTERS
from perftui.presets.importing.curl_options import KNOWN
from perftui.presets.loading import parse_preset

pytestmark = pytest.mark.slow

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "", "{{x}}", "${x}", "${env:A}", "$x", "%", "%zz", "http://h/a?b", "//h", "http://[", "a\nb", "a: b", "-",
            "0", "{a,b}[1-3]", "[1-999999999]", "application/json", "multipart/form-data; boundary=x", "GET",
            "x" * 5000, "\ud800", "\x00", "#", "?", "&=&", "Basic a b", "{{$randomInt 5 1}}", "{{a.response.body.$.x}}",
            "é", "$.a[",
        ]
    ),
)  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), TEXTS)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield (*path, key)
        yield from places(inner, (*path, key))


@st.composite
def changed(draw: st.DrawFn, document: Any) -> Any:
    """A document with other values in some places."""
    whole = copy.deepcopy(document)
    every = list(places(document))
    for path in draw(st.lists(st.sampled_from(every), min_size=1, max_size=4)):
        part = whole
        try:
            for key in path[:-1]:
                part = part[key]
            part[path[-1]] = draw(VALUES)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return whole


def accept(kind: str, text: str) -> None:
    """Import a text; what comes of it can be checked."""
    try:
        made = IMPORTERS[kind](text, "imported")
    except UsageError:
        return
    parse_preset(made, "imported.toml")


REQUEST = {
    "method": "POST",
    "url": "http://h/a?b=c&token=t",
    "headers": [{"name": "Content-Type", "value": "application/json"}, {"name": "Cookie", "value": "a=b"}],
    "postData": {
        "mimeType": "application/json",
        "text": '{"a":1}',
        "params": [{"name": "a", "value": "b"}],
        "encoding": None,
    },
}
RESPONSE = {"status": 200, "headers": [{"name": "Set-Cookie", "value": "a=b"}], "content": {"mimeType": "text/html"}}
HAR = {
    "log": {
        "version": "1.2",
        "entries": [{"startedDateTime": "2026-01-01T00:00:00Z", "time": 5, "request": REQUEST, "response": RESPONSE}]
        * 2,
    }
}
POSTMAN = {
    "info": {"name": "n", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
    "variable": [{"key": "x", "value": "http://h"}],
    "auth": {"type": "basic", "basic": [{"key": "username", "value": "u"}, {"key": "password", "value": "p"}]},
    "item": [
        {
            "name": "f",
            "item": [
                {
                    "name": "r",
                    "event": [
                        {"listen": "test", "script": {"exec": ['pm.environment.set("t", pm.response.json().a)']}}
                    ],
                    "request": {
                        "method": "POST",
                        "header": [{"key": "A", "value": "{{t}}"}],
                        "url": {
                            "raw": "{{x}}/:id?a=b",
                            "query": [{"key": "a"}],
                            "variable": [{"key": "id", "value": "1"}],
                        },
                        "body": {
                            "mode": "formdata",
                            "formdata": [{"key": "k", "type": "file", "src": "f"}, {"key": "v", "value": "w"}],
                        },
                        "auth": {
                            "type": "apikey",
                            "apikey": [{"key": "key", "value": "K"}, {"key": "in", "value": "query"}],
                        },
                    },
                }
            ],
        },
        {
            "name": "s",
            "request": {"url": "{{x}}/s", "body": {"mode": "graphql", "graphql": {"query": "q", "variables": "{}"}}},
        },
        {
            "name": "u",
            "request": {"url": "{{x}}/u", "body": {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "b"}]}},
        },
    ],
}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"type": "array", "items": {}}}}
OPENAPI = {
    "openapi": "3.0.0",
    "info": {"title": "t"},
    "servers": [{"url": "http://{h}/v1", "variables": {"h": {"default": "h"}}}],
    "security": [{"k": []}],
    "paths": {
        "/a/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "post": {
                "parameters": [
                    {"name": "q", "in": "query", "required": True, "style": "deepObject", "example": {"a": 1}}
                ],
                "requestBody": {"content": {"application/json": {"schema": SCHEMA}}},
                "responses": {"201": {}},
            },
            "put": {"requestBody": {"content": {"multipart/form-data": {"schema": SCHEMA, "encoding": {"a": {}}}}}},
        }
    },
    "components": {"securitySchemes": {"k": {"type": "apiKey", "name": "k", "in": "header"}}},
}
SWAGGER = {
    "swagger": "2.0",
    "host": "h",
    "basePath": "/v1",
    "schemes": ["http"],
    "consumes": ["application/json"],
    "securityDefinitions": {
        "k": {"type": "oauth2", "flow": "application", "tokenUrl": "http://h/t", "scopes": {"a": "b"}}
    },
    "paths": {
        "/a": {
            "get": {
                "parameters": [
                    {"name": "q", "in": "query", "type": "array", "items": {"type": "string"}, "required": True}
                ]
            },
            "post": {"parameters": [{"name": "b", "in": "body", "schema": SCHEMA}], "responses": {"200": {}}},
            "put": {
                "parameters": [{"name": "f", "in": "formData", "type": "file"}],
                "consumes": ["multipart/form-data"],
            },
        }
    },
}


@pytest.mark.parametrize(
    ("kind", "document"),
    [("har", HAR), ("postman", POSTMAN), ("openapi", OPENAPI), ("openapi", SWAGGER)],
    ids=("har", "postman", "openapi", "swagger"),
)
def test_documents_with_anything_in_their_places(kind: str, document: Any) -> None:
    @settings(max_examples=25, deadline=2000)
    @given(changed(document))
    def try_it(given_one: Any) -> None:
        accept(kind, json.dumps(given_one))

    try_it()


WORDS = st.one_of(
    TEXTS, st.sampled_from(["@-", "@f", "a=@f;type=x", "a=<f", "a=b;type=x", "u:p", "http://u:p@h", "X:", "X;"])
)
COMMANDS = st.lists(
    st.tuples(
        st.sampled_from([*sorted(KNOWN), "-d", "-H", "-F", "-u", "-b", "-T", "-X", "--next", "http://h/x"]), WORDS
    ),
    max_size=6,
)


@settings(max_examples=30, deadline=2000)
@given(COMMANDS, st.sampled_from(["", "echo x | ", "cat <<E | ", "X=$(", "(", "{ ", "`"]), TEXTS)
def test_commands_of_any_options(options: list[tuple[str, str]], before: str, after: str) -> None:
    words = " ".join(f"{shlex.quote(name)} {shlex.quote(value)}" for name, value in options)
    accept("curl", f"{before}curl http://h/ {words}\n{after}")


LINES = st.one_of(
    TEXTS,
    st.sampled_from(
        [
            "###", "### name", "# @name a", "GET http://h/a", "POST {{x}}/b", "  ?a=b", "@x = http://h", "A: b", "{",
            "}", "Content-Type: multipart/form-data; boundary=x", "--x", "--x--", "< ./f", "<@ ./f",
            '> {% client.global.set("a", response.body.b) %}', "@y={{a.response.body.$.z}}", "GET /{{y}}",
            "Authorization: Basic a b", "curl http://h/c -d x", 'Content-Disposition: form-data; name="a"', "GRAPHQL http://h/g",
            "WEBSOCKET ws://h",
        ]
    ),
)  # fmt: skip


@settings(max_examples=30, deadline=2000)
@given(st.lists(LINES, max_size=14))
def test_http_files_of_any_lines(lines: list[str]) -> None:
    accept("http", "\n".join(lines))


TAGS = st.sampled_from(
    [
        "ThreadGroup", "HTTPSamplerProxy", "ConfigTestElement", "HeaderManager", "Arguments", "LoopController",
        "IfController", "ResponseAssertion", "JSONPathAssertion", "DurationAssertion", "JSONPostProcessor",
        "RegexExtractor", "ConstantTimer", "UniformRandomTimer", "TransactionController", "BoundaryExtractor",
        "JDBCSampler", "hashTree",
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "HTTPSampler.domain", "HTTPSampler.path", "HTTPSampler.method", "HTTPSampler.postBodyRaw", "HTTPSampler.port",
        "HTTPSampler.protocol", "ThreadGroup.num_threads", "ThreadGroup.ramp_time", "LoopController.loops",
        "ConstantTimer.delay", "RandomTimer.range", "JSON_PATH", "EXPECTED_VALUE", "JSONVALIDATION", "Argument.value",
        "JSONPostProcessor.referenceNames", "JSONPostProcessor.jsonPathExprs", "RegexExtractor.regex",
        "RegexExtractor.refname", "DurationAssertion.duration", "Assertion.test_type", "Argument.name",
    ]
)  # fmt: skip
PROPERTY_TEXTS = st.one_of(
    TEXTS, st.sampled_from(["true", "1e9", "200", "${__Random(1,5)}", "${__P(a,b)}", "99999999999"])
)
ELEMENTS: st.SearchStrategy[Any] = st.recursive(
    st.builds(
        lambda tag, name, values: (tag, name, values, []),
        TAGS,
        TEXTS,
        st.dictionaries(NAMES, PROPERTY_TEXTS, max_size=5),
    ),
    lambda inner: st.builds(
        lambda tag, values, below: (tag, "x", values, below),
        TAGS,
        st.dictionaries(NAMES, PROPERTY_TEXTS, max_size=3),
        st.lists(inner, max_size=3),
    ),
    max_leaves=10,
)


def as_xml(text: str) -> str:
    """Text that XML may hold."""
    return "".join(one for one in text if one in "\t\n" or " " <= one < "\ud800")


def written(element: Any) -> str:
    """An element and its branch."""
    tag, name, values, below = element
    inside = "".join(f'<stringProp name="{key}">{escape(as_xml(value))}</stringProp>' for key, value in values.items())
    branch = "".join(map(written, below))
    return f"<{tag} testname={quoteattr(as_xml(name))}>{inside}</{tag}><hashTree>{branch}</hashTree>"


@settings(max_examples=25, deadline=2000)
@given(st.lists(ELEMENTS, max_size=4))
def test_test_plans_of_any_elements(elements: list[Any]) -> None:
    base: Any = ("HTTPSamplerProxy", "x", {"HTTPSampler.domain": "h", "HTTPSampler.path": "/x"}, [])
    group = written(("ThreadGroup", "users", {}, [*elements, base]))
    accept(
        "jmx",
        f"<jmeterTestPlan><hashTree><TestPlan testname='t'/><hashTree>{group}</hashTree></hashTree></jmeterTestPlan>",
    )


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("curl", "curl http://h/" + "{a,b}" * 60),
        ("curl", "curl http://h/[1-999999999999999999]"),
        ("curl", "curl http://h/" + "$(" * 2000),
        ("curl", "x=$(" * 300 + ")" * 300),
        ("curl", "curl http://h/ " + "-H 'a: b' " * 20_000),
        ("curl", "A=$A$A$A$A; " * 200 + "curl http://h/$A"),
        ("http", "GET http://h/\n" * 5000),
        ("http", "@a=" + "{{a}}" * 50 + "\nGET http://h/{{a}}"),
        ("http", "".join(f"@a{n}={{{{a{n + 1}}}}}{{{{a{n + 1}}}}}\n" for n in range(40)) + "GET http://h/{{a0}}"),
        ("openapi", "openapi: 3.0.0\npaths:\n" + "".join(f"  /p{n}: {{ get: {{}} }}\n" for n in range(5_000))),
        ("postman", json.dumps({"item": [{"name": "r", "request": "http://h/"}] * 20_000})),
        ("har", json.dumps({"log": {"entries": [HAR["log"]["entries"][0]] * 5_000}})),
    ],
    ids=lambda value: value if len(value) < 10 else value[:24],
)
@pytest.mark.timeout(20)
def test_large_and_endless_ones_end(kind: str, text: str) -> None:
    accept(kind, text)
