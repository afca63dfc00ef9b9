"""A first preset file for somebody's own service: complete, commented, ready to run."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from perftui.model.errors import UsageError
from perftui.presets import grammar, texts
from perftui.presets.urls import full_url, preset_for
from perftui.presets.writing import write_value

_TEMPLATE = '''\
# Run it:      perftui run {name}
# Try it:      perftui probe {name}       (one request per operation, shown in full)
# Change one:  perftui run {name} --set load.rate=20
# Completion:  perftui presets schema -o preset.schema.json    (and a first line here: #:schema preset.schema.json)
schema = 1
name = "{name}"
title = "{name}"
description = """
What this test is for, in two lines.
Expects 95 of 100 answers within 500 ms."""
{kind}# health, read, write, stress or custom

[target]
url = {url}
timeout = "5s"                          # total deadline of one request
headers = {{ Accept = "application/json" }}
# auth = {{ bearer = "${{env:API_TOKEN}}" }}     # or basic, header, query, oauth2, login; never a secret itself

[load]
mode = "rate"                           # rate: arrivals per second whatever happens; users: each waits for its answer
rate = 10                               # or users = 20, or stages = [{{ duration = "30s", to = 100 }}, ...]
warmup = "5s"                           # not in the summary
duration = "30s"

[[operations]]
name = {operation}
weight = 1                              # share among the operations
method = "GET"
path = {path}
{query}checks = [{{ status = 200 }}]             # without checks, 400 and above are errors

# A second kind of request, with values that change:
# [[operations]]
# name = "create item"
# weight = 0.2
# method = "POST"
# path = "/api/items"
# json = {{ name = "${{fake:word}} ${{seq}}", price = "${{rand:1..100}}" }}
# checks = [{{ status = 201 }}, {{ json = "$.id" }}]
# captures = [{{ name = "item_id", json = "$.id" }}]
#
# Deletes what was created, once for each captured item_id; never counted:
# [[after]]
# method = "DELETE"
# path = "/api/items/${{item_id}}"

[[objectives]]
metric = "response_time.p95"
target = "< 500ms"                      # missing it warns
critical = "< 1s"                       # missing it fails

[[objectives]]
metric = "error_rate"
target = "< 0.1%"
critical = "< 1%"
'''


def starting_preset(name: str, url: str = "") -> str:
    """The text of a preset file to start from.

    Args:
        name: of the preset.
        url: of the service; its path and query become the first operation.

    Raises:
        UsageError: the name or the URL cannot be used.
    """
    url = full_url(url) or "http://127.0.0.1:8000"
    problems = [f"name {name!r}: {problem}" for problem in [texts.name_problem(name)] if problem]
    if problem := texts.url_problem(url):
        problems.append(f"{url}: {problem}" if texts.target_problem(url) else _elsewhere(url))
    if problems:
        raise UsageError(*problems)
    parts = urlsplit(url)
    path = parts.path or "/"
    query: dict[str, list[str]] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(grammar.escape(key), []).append(grammar.escape(value))
    return _TEMPLATE.format(
        name=name,
        kind=f'kind = "{"health" if "health" in path else "read"}"'.ljust(40),
        url=write_value(f"{parts.scheme}://{parts.netloc}"),
        operation=write_value(f"GET {path}"[:200]),
        path=write_value(grammar.escape(path)),
        query=_query(query),
    )


def _elsewhere(url: str) -> str:
    """What to do with a URL of another protocol."""
    model = preset_for(url.partition("://")[0])
    return "--from makes presets of HTTP and of databases" + (
        f"; start from this one: perftui presets show {model} --toml" if model else ""
    )


def _query(query: dict[str, list[str]]) -> str:
    table = {name: values if len(values) > 1 else values[0] for name, values in query.items()}
    return f"query = {write_value(table)}\n" if query else ""
