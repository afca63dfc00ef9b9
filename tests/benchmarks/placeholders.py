"""What rendering a template costs on the request path: `python tests/benchmarks/placeholders.py`.

Prints microseconds per rendering, and its share of a request at 100,000 requests per second (10 us).
"""

from __future__ import annotations

import timeit

from perftui.presets.placeholders import JsonTemplate, Template
from perftui.presets.values import ValueStream

TEXTS = {
    "static": "/api/items",
    "one placeholder": "/api/items/${rand:1..1000}",
    "two placeholders": "/api/items/${rand:1..1000}?q=${choice:blue|green|quick}",
    "two captured": "/api/items/${id}/${kind}",
    "seq and uuid": "/api/items/${seq}/${uuid}",
}
DOCUMENT = {
    "name": "${fake:word} ${seq}",
    "description": "${fake:sentence}",
    "price": "${rand:0.50..99.99}",
    "quantity": "${rand:1..20}",
}
LIMIT_US = 1.5
"""Aim for a template with two placeholders."""


def main() -> int:
    """Measure, print, and say whether the aim is met."""
    values = ValueStream()
    variables = {"id": "17", "kind": "book"}
    values.advance()
    rows = {}
    for name, text in TEXTS.items():
        render = Template.compile(text, quoting="path").render
        rows[name] = _microseconds(lambda render=render: render(values, variables))
    document = JsonTemplate.compile(DOCUMENT)
    rows["JSON, five placeholders"] = _microseconds(lambda: document.render(values, variables))
    rows["next request (advance)"] = _microseconds(values.advance)
    for name, spent in rows.items():
        print(f"{name:26} {spent:6.3f} us  {spent / 10:6.1%} of a request at 100,000/s")
    met = rows["two placeholders"] < LIMIT_US
    print(f"two placeholders below {LIMIT_US} us: {'yes' if met else 'no'}")
    return 0 if met else 1


def _microseconds(call: object, number: int = 100_000) -> float:
    return min(timeit.repeat(call, number=number, repeat=5)) / number * 1e6  # type: ignore[arg-type]  # any call without arguments


if __name__ == "__main__":
    raise SystemExit(main())
