"""What a screen says is whole, stays where it is, and means one thing."""

from __future__ import annotations

import msgspec
import pytest

from perftui.model.comparison import Comparison, ComparisonVerdict, MetricChange
from perftui.model.interval import Counts, ErrorSample, Interval, WorkerHealth
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.model.record import Finding, LatencyStats, Record, Stats, Summary
from perftui.report.comparison import comparison_text, interval_text
from perftui.tui.screens.compare import _reasons, _rows
from perftui.tui.screens.live_glossary import GLOSSARY
from perftui.tui.widgets.cells import content
from perftui.tui.widgets.error_sample import sample_drawing
from perftui.tui.widgets.errors import draw_errors
from perftui.tui.widgets.host import draw_host
from perftui.tui.widgets.operations import operations_drawing, run_percentiles
from perftui.tui.widgets.picture import LivePicture
from perftui.tui.widgets.progress import draw_progress
from perftui.tui.widgets.verdict import moment_of, moments_of

pytestmark = pytest.mark.quick

PLAN = Plan(
    name="p",
    target=Target(url="http://127.0.0.1"),
    load=Load(stages=(Stage(duration_s=9, to=1),), start_level=1),
    operations=(Operation(name="a", path="/"),),
)


def text_of(lines: object) -> str:
    return "\n".join(content(line).plain for line in lines)  # type: ignore[attr-defined]  # lines of a drawing


@pytest.mark.parametrize("width", [30, 46, 52, 80])
def test_a_count_is_never_cut(width: int) -> None:
    counts = Counts(scheduled=999_999_999, started=999_999_999, errors=123_456_789)
    total = Stats(counts=counts, error_classes={"http.503": 123_456_789, "timeout": 1})
    picture = LivePicture(plan=PLAN, state="running", run=Summary(total=total), counts=counts)
    assert "123,456,789" in text_of(draw_errors(picture, width, 6).lines)


@pytest.mark.parametrize("width", [70, 80, 90])
def test_classes_in_one_line_are_whole_or_not_there(width: int) -> None:
    classes = {"dropped.late": 112_904, "timeout": 10_005, "http.503": 12}
    total = Stats(counts=Counts(scheduled=200_000, errors=12), error_classes=classes, error_rate=0.98)
    picture = LivePicture(plan=PLAN, state="running", run=Summary(total=total))
    [line] = map(content, draw_errors(picture, width, 1).lines)
    told = line.plain.partition("top")[0]
    assert "dropped.late 112,904" in told
    assert ("timeout 10,005" in told) == ("timeo" in told)
    assert ("http.503 12" in told) != ("…" in told)
    assert line.cell_length <= width


@pytest.mark.parametrize("width", [38, 41, 52, 80])
def test_requests_in_flight_are_never_cut(width: int) -> None:
    workers = tuple(WorkerHealth(worker=number, cpu_percent=100, in_flight=2500) for number in range(2))
    interval = Interval(at_s=1, duration_s=1, phase="measure", workers=workers)
    picture = LivePicture(plan=PLAN, state="running", interval=interval)
    [line] = [each for each in map(content, draw_host(picture, width, 6).lines) if "in flight" in each.plain]
    assert "in flight 5,000" in line.plain
    assert line.cell_length <= width


@pytest.mark.parametrize("width", [40, 56, 76, 110])
def test_columns_do_not_come_and_go_as_percentiles_become_known(width: int) -> None:
    few = Stats(counts=Counts(scheduled=50, ok=50), response_time_ms=LatencyStats(count=50, p50=1, p95=2, p99=3))
    many = Stats(counts=Counts(scheduled=5000, ok=5000), response_time_ms=LatencyStats(count=5000, p50=1, p95=2, p99=3))
    heads = [
        content(
            operations_drawing({"a": stats}, width, 5, sort="share", percentile=run_percentiles(PLAN)).lines[0]
        ).plain
        for stats in (few, many)
    ]
    assert heads[0] == heads[1]


def test_a_sample_says_which_one_it_is_and_how_often_it_was_seen() -> None:
    sample = ErrorSample(error_class="http.503", operation="a", at_s=29, count=4)
    drawing = sample_drawing(sample, 2, 3, 70)
    assert content(drawing.note).plain == "sample 2 of 3"
    assert "00:29 of the run, the first of 4 like this" in text_of(drawing.lines)
    assert "number" not in text_of(drawing.lines)


@pytest.mark.parametrize("state", ["replay", "replay paused"])
def test_a_replay_says_that_it_is_one(state: str) -> None:
    picture = LivePicture(plan=PLAN, state=state, elapsed_s=5, planned_s=9)
    line = text_of(draw_progress(picture, 80, 1).lines)
    assert "REPLAY" in line
    assert "of a run that has ended" in line
    assert "ended" not in text_of(draw_progress(LivePicture(plan=PLAN, state="running"), 80, 1).lines)


def test_the_words_of_machine_and_workers_are_explained() -> None:
    words = " ".join(word for word, _ in GLOSSARY)
    for word in ("cpu", "mem", "worker", "lag", "in flight", "target", "trust", "goal"):
        assert word in words


def change(metric: str, verdict: ComparisonVerdict, size: float, **more: object) -> MetricChange:
    known = {
        "unit": "ms",
        "baseline": 10.0,
        "run": 10.0 * (1 + size),
        "low": -1.0,
        "high": 1.0,
        "threshold": 0.2,
        **more,
    }
    return MetricChange(metric=metric, verdict=verdict, change=size, **known)  # type: ignore[arg-type]  # fields by name


def comparison(*metrics: MetricChange, **more: object) -> Comparison:
    return Comparison(baseline_id="a", run_id="b", **({"verdict": "regression", "metrics": metrics} | more))  # type: ignore[arg-type]  # as above


def test_what_counts_comes_first_and_the_worst_of_it_on_top() -> None:
    rows = _rows(
        comparison(
            change("response_time.mean", "regression", 0.9, gated=False),
            change("response_time.p50", "no_difference", 0.01),
            change("response_time.p95", "regression", 0.3),
            change("response_time.p95", "regression", 0.6, operation="report"),
        )
    )
    names = [content(row.cells[0]).plain.strip() for row in rows]
    assert names == ["report: p95", "response p95", "response p50", "not counted", "response mean"]


def test_no_difference_stands_beside_the_interval_it_rests_on() -> None:
    wide = change("response_time.p95", "no_difference", 0.0, equivalence=(-0.081, 0.09))
    assert interval_text(wide) == "[-8.1, +9.0] 90 %"
    assert interval_text(msgspec.structs.replace(wide, equivalence=None)) == "[-100, +100]"
    text = comparison_text(comparison(wide))
    assert "[-8.1, +9.0]  no difference" in text
    assert "90 % where times do not differ" in text


def test_why_runs_cannot_be_compared_is_said_on_every_view() -> None:
    shown = _reasons(comparison(verdict="not_comparable", reasons=("other load", "other target", "other operation")))
    assert shown.plain.splitlines()[:2] == ["! other load", "! other target"]
    assert "1 more" in shown.plain


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("00:07–00:13 the target refused connections: 218 lost", 7.0),
        ("from 1:02:03 on p95 grew", 3723.0),
        ("errors 9.8 % > 5.0 %", None),
        ("12:345 is none", None),
    ],
)
def test_a_finding_leads_to_the_moment_it_names(words: str, moment: float | None) -> None:
    assert moment_of(words) == moment


def test_moments_come_in_the_order_of_the_findings() -> None:
    findings = (
        Finding(code="a", detail="at 00:30", severity="note"),
        Finding(code="b", detail="at 00:10", severity="fail"),
    )
    assert moments_of(Record(id="r", plan=PLAN, findings=findings)) == [10.0, 30.0]


@pytest.mark.parametrize("height", [1, 3, 8])
def test_errors_of_the_warm_up_have_a_rate_of_their_own(height: int) -> None:
    """Before the measure phase rate, classes and answers are those of the newest seconds, and say so."""
    counts = Counts(scheduled=10, started=10, ok=8, errors=2)
    window = Stats(counts=counts, error_rate=0.2, error_classes={"http.404": 2})
    drawing = draw_errors(LivePicture(plan=PLAN, state="warm-up", window=Summary(total=window)), 78, height)
    assert "20.0 %" in (text_of(drawing.lines) if height == 1 else content(drawing.title).plain)
    assert "http.404" in text_of(drawing.lines)
    assert content(drawing.note).plain == "last 1 s"
