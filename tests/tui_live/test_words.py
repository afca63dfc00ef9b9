"""What panels say: objectives with their distance, operations in order, errors, curl commands."""

from __future__ import annotations

import shlex

import pytest

from perftui.model.interval import Counts, ErrorSample
from perftui.model.plan import Load, Plan, Stage, Target
from perftui.model.record import LatencyStats, ObjectiveResult, Stats
from perftui.tui.widgets.cells import content
from perftui.tui.widgets.error_sample import curl_command, sample_drawing
from perftui.tui.widgets.objectives import distance, objective_name, objectives_drawing
from perftui.tui.widgets.operations import SORTS, operations_drawing, run_percentiles, window_percentile
from perftui.tui.widgets.times import time_lines

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("metric", "target", "value", "words"),
    [
        ("response_time.p95", "< 500ms", 125.0, "75 % left"),
        ("response_time.p95", "< 1,000 ms", 990.0, "1.0 % left"),
        ("response_time.p95", "< 500ms", 1000.0, "100 % over"),
        ("error_rate", "< 0.1%", 0.03, "30× limit"),
        ("throughput", "> 100/s", 95.0, "5.0 % short"),
        ("throughput", "> 100/s", 150.0, "50 % left"),
        ("hit_rate", "> 0%", 0.5, "kept"),
        ("error_rate", "< 0%", 0.5, "over"),
        ("success_rate", "> 0%", 0.0, "at the limit"),
        ("response_time.p95", "< 500ms", 500.0, "at the limit"),
    ],
)
def test_distance_to_the_breach(metric: str, target: str, value: float, words: str) -> None:
    found = distance(ObjectiveResult(metric=metric, target=target, value=value))
    assert found is not None
    assert found[1] == words


def test_no_distance_without_a_value() -> None:
    assert distance(ObjectiveResult(metric="error_rate", target="< 1%")) is None


@pytest.mark.parametrize(
    ("metric", "operation", "name"),
    [
        ("response_time.p99_9", "", "response p99.9"),
        ("start_delay.p99", "", "start delay p99"),
        ("error_rate", "search", "search: error rate"),
    ],
)
def test_names_of_objectives(metric: str, operation: str, name: str) -> None:
    assert objective_name(ObjectiveResult(metric=metric, operation=operation)) == name


def test_failed_objectives_are_never_the_ones_left_out() -> None:
    kept = [ObjectiveResult(metric="throughput", target="> 1/s", value=2, verdict="pass") for _ in range(6)]
    failed = ObjectiveResult(metric="error_rate", target="< 1%", critical="< 2%", value=0.5, verdict="fail")
    drawing = objectives_drawing((*kept, failed), 60, 3)
    assert any("error rate" in content(line).plain for line in drawing.lines)
    assert "5 more" in content(drawing.status).plain
    assert drawing.tone == "$error"


@pytest.mark.parametrize(("move", "arrow"), [(1, "↗"), (-1, "↘"), (0, "→")])
def test_while_a_run_is_live_an_arrow_says_which_way_a_value_goes(move: int, arrow: str) -> None:
    result = ObjectiveResult(metric="response_time.p95", target="< 500ms", value=125.0, verdict="pass")
    lines = objectives_drawing((result,), 70, 0, moves={("response_time.p95", ""): move}).lines
    assert arrow in content(lines[1]).plain
    assert "75 % left" in content(lines[1]).plain
    assert arrow not in content(objectives_drawing((result,), 70, 0).lines[1]).plain


def _stats(count: int, p95: float, errors: int = 0) -> Stats:
    return Stats(
        counts=Counts(scheduled=count, started=count, ok=count - errors, errors=errors),
        rate_per_s=count / 10,
        error_rate=errors / count,
        response_time_ms=LatencyStats(count=count, p50=p95 / 2, p95=p95, p99=p95 * 2),
    )


@pytest.mark.parametrize(
    ("sort", "first"),
    [("share", "b"), ("name", "a"), ("rate", "b"), ("p50", "c"), ("p95", "c"), ("p99", "c"), ("errors", "a")],
)
def test_operations_in_order(sort: str, first: str) -> None:
    found = {"a": _stats(10, 5, errors=5), "b": _stats(100, 1), "c": _stats(20, 50)}
    drawing = operations_drawing(found, 80, 10, sort=sort, percentile=window_percentile)
    assert content(drawing.lines[1]).plain.startswith(first)
    assert sort in SORTS


@pytest.mark.parametrize(
    ("height", "status"),
    [(4, ""), (3, "1–2 of 3 · a fails: 50.0 %"), (2, "1–1 of 3 · a fails: 50.0 %")],
)
def test_what_fails_below_the_last_line_is_named(height: int, status: str) -> None:
    found = {"a": _stats(10, 5, errors=5), "b": _stats(100, 1), "c": _stats(20, 50)}
    assert operations_drawing(found, 80, height, sort="share", percentile=window_percentile).status == status


def test_operations_without_requests_are_listed() -> None:
    found = {"a": _stats(10, 5)}
    drawing = operations_drawing(found, 80, 10, sort="share", percentile=window_percentile, names=("a", "never sent"))
    assert content(drawing.lines[2]).plain.startswith("never sent")
    assert "–" in content(drawing.lines[2]).plain


@pytest.mark.parametrize("width", range(34, 160, 7))
def test_tables_keep_their_width(width: int) -> None:
    found = {"an operation with a rather long name": _stats(1000, 1234.5, errors=333)}
    for line in operations_drawing(found, width, 10, sort="share", percentile=run_percentiles(PLAN)).lines:
        assert content(line).cell_length <= width


def test_percentiles_of_an_operation_are_as_honest_as_those_of_the_run() -> None:
    """Nothing where there are too few values; at least the timeout where too many requests had no answer."""
    slow = Stats(
        counts=Counts(scheduled=2000, started=2000, ok=1700, timeouts=300),
        response_time_ms=LatencyStats(count=1700, p50=10.0, p95=20.0, p99=30.0),
    )
    drawing = operations_drawing(
        {"few": _stats(900, 5), "slow": slow}, 80, 10, sort="name", percentile=run_percentiles(PLAN)
    )
    few, cut = (content(line).plain.split() for line in drawing.lines[1:])
    assert few[-5:-2] == ["2.50", "5.00", "–"]
    assert cut[-5:-2] == ["10.0", "≥5,000", "≥5,000"]


def test_time_split_names_every_part() -> None:
    lines = [content(line).plain for line in time_lines(Stats(times_ms={"queue": 1.0, "first_byte": 3.0}), 60, 4)]
    assert len(lines[0]) == 60
    assert "first byte 3.00" in " ".join(lines)
    assert "tls 0" in " ".join(lines)


SAMPLE = ErrorSample(
    error_class="http.503",
    operation="search",
    at_s=12.0,
    detail="503 Service Unavailable",
    status=503,
    request_line="POST /api/search?q=it's HTTP/1.1",
    request_headers=(
        ("Host", "127.0.0.1:8000"),
        ("Accept", "*/*"),
        ("Authorization", "REDACTED"),
        ("Content-Length", "12"),
    ),
    response_head="HTTP/1.1 503 Service Unavailable",
    body_start="[bold]no[/] $(rm -rf /)",
)
PLAN = Plan(name="x", target=Target(url="http://127.0.0.1:8000/prefix"), load=Load(stages=(Stage(duration_s=1, to=1),)))


def test_a_curl_command_is_safe_to_paste() -> None:
    words = shlex.split(curl_command(SAMPLE, PLAN))
    assert words[:4] == ["curl", "-i", "-X", "POST"]
    assert "Authorization: REDACTED" in words
    assert not any(word.startswith(("Host", "Content-Length")) for word in words)
    assert words[-1] == "http://127.0.0.1:8000/api/search?q=it's"


def test_a_sample_shows_everything_that_was_kept() -> None:
    plain = "\n".join(content(line).plain for line in sample_drawing(SAMPLE, 1, 3, 60).lines)
    for part in ("search", "00:12", "503", "POST /api/search", "Authorization: REDACTED", "[bold]no[/] $(rm -rf /)"):
        assert part in plain
