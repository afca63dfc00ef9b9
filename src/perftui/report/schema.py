"""The JSON that perftui writes as JSON Schema, for whoever reads it: a run, several rounds, a comparison, a trend."""

from __future__ import annotations

from typing import Any

import msgspec

from perftui.model.comparison import Comparison
from perftui.model.interval import ErrorSample, Event, Interval
from perftui.model.record import Record
from perftui.model.rounds import Rounds, Trend

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_RUN = "Record"
_STRUCTS = (Record, Interval, Event, ErrorSample, Comparison, Rounds, Trend)
_OUTCOME = {
    "title": "Outcome",
    "description": "The exit code of `perftui run`, and the one it would have had without --warn-only.",
    "type": "object",
    "properties": {
        "exit_code": {"type": "integer"},
        "would_exit": {"type": "integer"},
        "blocking": {"type": "boolean"},
        "reasons": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["exit_code", "would_exit", "blocking", "reasons"],
}


def export_schema() -> dict[str, Any]:
    """The schema of every JSON document of `run`, `export`, `compare` and `trend`. Readers ignore unknown keys."""
    _, definitions = msgspec.json.schema_components(_STRUCTS, ref_template="#/$defs/{name}")
    run = definitions[_RUN]
    _with_hdr(definitions["HistogramData"])
    _with_nulls(definitions["LatencyStats"], keep=("count",))
    _with_nulls(definitions["Stats"], only=("attained", "error_rate", "timeout_rate"))
    run["properties"] |= {
        "intervals": _list_of("Interval"),
        "events": _list_of("Event"),
        "error_samples": _list_of("ErrorSample"),
        "comparison": {"$ref": "#/$defs/Comparison"},
        "outcome": {"$ref": "#/$defs/Outcome"},
    }
    definitions["Outcome"] = _OUTCOME
    definitions["RoundsSpread"] = definitions.pop("Rounds")
    definitions["Rounds"] = {
        "title": "Rounds",
        "description": "The runs of one `perftui run --rounds N`.",
        "type": "object",
        "properties": {
            "schema": {"const": 1},
            "kind": {"const": "rounds"},
            "spread": {"$ref": "#/$defs/RoundsSpread"},
            "rounds": _list_of(_RUN),
            "comparison": {"$ref": "#/$defs/Comparison"},
            "outcome": {"$ref": "#/$defs/Outcome"},
        },
        "required": ["schema", "kind", "rounds"],
    }
    return {
        "$schema": DIALECT,
        "title": "perftui results",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in (_RUN, "Rounds", "Comparison", "Trend")],
        "$defs": dict(sorted(definitions.items())),
    }


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}


def _with_nulls(stats: dict[str, Any], *, keep: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> None:
    """What was not measured is null."""
    for name, value in stats["properties"].items():
        if name not in keep and (not only or name in only):
            value["type"] = ["number", "null"]


def _with_hdr(histogram: dict[str, Any]) -> None:
    """Exports hold the histogram in HdrHistogram's own V2 format instead of the journal's."""
    del histogram["properties"]["packed"]
    histogram["properties"]["hdr_v2"] = {
        "type": "string",
        "contentEncoding": "base64",
        "description": "HdrHistogram V2, compressed; values in microseconds.",
    }
