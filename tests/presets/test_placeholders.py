"""The placeholder parser and templates: what they make, what they refuse, that they never evaluate anything."""

from __future__ import annotations

import contextlib
import json
import re
import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.presets import grammar
from perftui.presets.loading import parse_preset
from perftui.presets.placeholders import JsonTemplate, Quoting, Template
from perftui.presets.values import ValueStream

ANY_TEXT = st.text(st.sampled_from("${}:.|-aZ09_ \n\"'\\é") | st.characters(codec="utf-8"), max_size=60)
PLACEHOLDERS = (
    "${seq}", "${uuid}", "${now}", "${now:ms}", "${rand:1..9}", "${rand:-2.5..9}", "${choice:a|b}", "${env:HOME}",
    "${file:a b.txt}", "${fake:name}", "${data:users.name}", "${token}", "${number:id}",
)  # fmt: skip


@given(ANY_TEXT)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(ValueError):
        segments = grammar.split(text)
        assert grammar.split(grammar.join(segments)) == segments


@given(st.lists(st.sampled_from(PLACEHOLDERS) | ANY_TEXT.map(grammar.escape), max_size=8))
def test_splitting_what_was_joined_gives_the_same(pieces: list[str]) -> None:
    segments = grammar.split("".join(pieces))
    assert grammar.split(grammar.join(segments)) == segments
    found = [str(segment) for segment in segments if isinstance(segment, grammar.Placeholder)]
    assert found == [piece for piece in pieces if piece in PLACEHOLDERS]


@given(ANY_TEXT)
def test_escaped_text_stands_for_itself(text: str) -> None:
    assert grammar.literal(grammar.escape(text)) == text
    template = Template.compile(grammar.escape(text))
    assert template.is_static
    assert template.render(ValueStream(), {}) == text


@given(st.lists(ANY_TEXT | st.sampled_from(["$", "{x}", "${"]), max_size=6))
def test_resolved_values_next_to_text_stay_literal(values: list[str]) -> None:
    assert grammar.literal(grammar.join(values)) == "".join(values)


@pytest.mark.parametrize(
    "text",
    [
        "${__import__('os')}", "${__import__}", "${a.b}", "${''.__class__}", "${x!r}", "${7*7}", "${env:A-B}",
        "${env:}", "${${env:A}}", "${env:${x}}", "${rand:1..}", "${rand:a..b}", "${rand:9..1}", "${rand:1..1e9}",
        "${choice:}", "${file:}", "${fake:nam}", "${data:x}", "${now:week}", "${rnd:1..2}", "${", "${}", "${ x }",
        "${rand}", "${number:1}",
    ],
)  # fmt: skip
def test_what_is_no_placeholder_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\$\{"):
        Template.compile(text)


@pytest.mark.parametrize(
    "text", ["{0.__class__}", "{x}", "%(a)s", "{{ 7*7 }}", "<% x %>", "$HOME", "$(id)", "`id`", "#{1}"]
)
def test_other_template_languages_are_plain_text(text: str) -> None:
    template = Template.compile(text)
    assert template.is_static
    assert template.render(ValueStream(), {"x": "1", "a": "2"}) == text


def test_a_value_is_never_read_again() -> None:
    template = Template.compile("a${x}b${x}")
    assert template.render(ValueStream(), {"x": "${env:HOME}%s{0}"}) == "a${env:HOME}%s{0}b${env:HOME}%s{0}"


@pytest.mark.parametrize(
    ("wrong", "near"), [("${rnd:1..2}", "rand"), ("${fake:nam}", "name"), ("${choices:a}", "choice")]
)
def test_nearest_placeholder_is_named(wrong: str, near: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean '{near}'"):
        Template.compile(wrong)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "text",
    [
        "${" * 200_000,
        "${x}" * 100_000,
        "$" * 500_000,
        "${" + "x" * 500_000,
        "${rand:" + "1" * 300_000 + "}",
        "${$}" * 100_000,
    ],
)
def test_reading_takes_linear_time(text: str) -> None:
    """In quadratic time these take hours."""
    with contextlib.suppress(ValueError):
        grammar.split(text)


def test_values_of_every_kind() -> None:
    values = ValueStream()
    values.advance()

    def one(text: str, **variables: str) -> str:
        return Template.compile(text).render(values, variables)

    assert one("${seq}") == "1"
    assert UUID(one("${uuid}")).version == 4
    assert one("${uuid}") != one("${uuid}")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one("${now}"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", one("${now:date}"))
    assert abs(int(one("${now:ms}")) / 1000 - time.time()) < 5
    assert {one("${rand:1..3}") for _ in range(200)} == {"1", "2", "3"}
    assert {one("${rand:-1..1}") for _ in range(200)} == {"-1", "0", "1"}
    assert all(re.fullmatch(r"[0-2]\.\d\d", one("${rand:0.25..2}")) for _ in range(100))
    assert {one("${choice:a|b c|}") for _ in range(200)} == {"a", "b c", ""}
    assert one("${token}-${token}", token="t") == "t-t"
    with pytest.raises(KeyError, match="token"):
        one("${token}")
    assert re.fullmatch(r"\S+@example\.(com|org|net)", one("${fake:email}"))


@pytest.mark.parametrize("kind", grammar.FAKES)
def test_fakes_are_varied(kind: str) -> None:
    template = Template.compile(f"${{fake:{kind}}}")
    values = ValueStream()
    made = {template.render(values, {}) for _ in range(300)}
    assert len(made) > 20
    assert all(made)
    assert template.is_repeatable


@pytest.mark.parametrize(
    ("text", "static", "repeatable", "names"),
    [
        ("/a", True, True, ()),
        ("/${rand:1..2}${choice:a|b}${fake:name}", False, True, ()),
        ("/${seq}", False, False, ()),
        ("/${uuid}", False, False, ()),
        ("/${now}", False, False, ()),
        ("/${data:u.x}", False, False, ()),
        ("/${id}/${other}/${id}/${number:n}", False, False, ("id", "other", "n")),
    ],
)
def test_what_a_template_says_of_itself(text: str, static: bool, repeatable: bool, names: tuple[str, ...]) -> None:  # noqa: FBT001 - by parametrisation
    template = Template.compile(text)
    assert (template.is_static, template.is_repeatable, template.names) == (static, repeatable, names)


@pytest.mark.parametrize(
    ("quoting", "value", "expected"),
    [
        ("path", "a/b ?#é\r\n", "/x/a%2Fb%20%3F%23%C3%A9%0D%0A"),
        ("query", "a&b=c d", "%2Fx%2Fa%26b%3Dc%20d"),
        ("form", "a&b=c d", "%2Fx%2Fa%26b%3Dc%20d"),
        ("json", 'a"\n', '/x/a\\"\\n'),
        ("none", "a\r\n", "/x/a\r\n"),
    ],
)
def test_values_are_quoted_for_their_place(quoting: Quoting, value: str, expected: str) -> None:
    assert Template.compile("/x/${v}", quoting=quoting).render(ValueStream(), {"v": value}) == expected


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb", "a\0b"])
def test_a_line_end_in_a_header_is_refused(value: str) -> None:
    template = Template.compile("Bearer ${v}", quoting="header")
    with pytest.raises(ValueError, match="line end"):
        template.render(ValueStream(), {"v": value})
    with pytest.raises(ValueError, match="line end"):
        Template.compile(value, quoting="header")


def test_json_keeps_types() -> None:
    document = {
        "number": "${rand:1..9}", "decimal": "${rand:1.00..2.00}", "text": "n${rand:1..9}", "seq": "${seq}",
        "ms": "${now:ms}", "choice": "${choice:1|2.5|true|null}", "words": "${choice:a|b}", "mixed": "${choice:1|b}",
        "captured": "${id}", "captured_number": "${number:id}", "captured_text": "${number:word}",
        "plain": [1, 2.5, True, {"a": "é\n\""}], "${id}": "key",
    }  # fmt: skip
    template = JsonTemplate.compile(document)
    values = ValueStream()
    values.advance()
    for _ in range(50):
        made = json.loads(template.render(values, {"id": "7", "word": 'x"y'}))
        assert isinstance(made["number"], int)
        assert isinstance(made["decimal"], float)
        assert re.fullmatch(r"n\d", made["text"])
        assert made["seq"] == 1
        assert isinstance(made["ms"], int)
        assert made["choice"] in {1, 2.5, None}
        assert made["words"] in {"a", "b"}
        assert made["mixed"] in {"1", "b"}
        assert (made["captured"], made["captured_number"], made["captured_text"], made["7"]) == ("7", 7, 'x"y', "key")
        assert made["plain"] == [1, 2.5, True, {"a": 'é\n"'}]
    assert template.names == ("id", "word")


def test_large_identifiers_are_sent_exactly() -> None:
    text = 'schema = 1\nname = "x"\n[load]\nrate = 1\nduration = "1s"\n[[operations]]\nmethod = "PUT"\npath = "/"\n'
    plan = parse_preset(
        text + "json = { id = 9223372036854775807, low = -9223372036854775808 }\n", "x.toml", "http://h"
    )
    made = JsonTemplate.compile(plan.operations[0].json).render(ValueStream(), {})
    assert made == b'{"id":9223372036854775807,"low":-9223372036854775808}'


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_any_document_without_placeholders_is_sent_as_it_is(document: object) -> None:
    def escaped(value: object) -> object:
        match value:
            case str():
                return grammar.escape(value)
            case list():
                return [escaped(inner) for inner in value]
            case dict():
                return {grammar.escape(name): escaped(inner) for name, inner in value.items()}
            case _:
                return value

    template = JsonTemplate.compile(escaped(document))
    assert template.is_static
    assert json.loads(template.render(ValueStream(), {})) == document


@given(ANY_TEXT, ANY_TEXT)
def test_any_captured_value_stays_inside_its_string(value: str, around: str) -> None:
    template = JsonTemplate.compile({"a": grammar.escape(around) + "${v}", "b": "${v}"})
    assert json.loads(template.render(ValueStream(), {"v": value})) == {"a": around + value, "b": value}
