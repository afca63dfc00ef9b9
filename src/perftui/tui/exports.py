"""What can be written to a file: a run, a comparison, a trend. `text` blocks: call it in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from perftui.model.comparison import Comparison
from perftui.model.rounds import Trend
from perftui.report.formats import FORMATS, OF_COMPARISONS, export, render


class Subject(Protocol):
    """Something with formats."""

    @property
    def title(self) -> str:
        """What it is, for the dialog."""
        ...

    @property
    def name(self) -> str:
        """Of the file, without its ending."""
        ...

    @property
    def styles(self) -> Sequence[str]:
        """Names of its formats."""
        ...

    def text(self, style: str) -> str:
        """All of it in one of the formats.

        Raises:
            PerftuiError: it cannot be read, or lacks what the format needs.
        """
        ...


class RunSubject(Struct, frozen=True):
    """A saved run."""

    path: Path

    @property
    def title(self) -> str:
        """For the dialog."""
        return "the run"

    @property
    def name(self) -> str:
        """The run's id."""
        return self.path.name

    @property
    def styles(self) -> Sequence[str]:
        """Every format."""
        return tuple(FORMATS)

    def text(self, style: str) -> str:
        """The run, read anew."""
        from perftui.store.loading import load_run

        return export(load_run(str(self.path), in_full=FORMATS[style].needs_seconds), style)


class ComparisonSubject(Struct, frozen=True):
    """Two runs side by side."""

    comparison: Comparison

    @property
    def title(self) -> str:
        """For the dialog."""
        return "the comparison"

    @property
    def name(self) -> str:
        """Both ids."""
        return f"{self.comparison.baseline_id}-vs-{self.comparison.run_id}"

    @property
    def styles(self) -> Sequence[str]:
        """Every format of a comparison."""
        return OF_COMPARISONS

    def text(self, style: str) -> str:
        """The comparison."""
        return render(self.comparison, style)


class TrendSubject(Struct, frozen=True):
    """A metric over many runs."""

    trend: Trend

    @property
    def title(self) -> str:
        """For the dialog."""
        return "the trend"

    @property
    def name(self) -> str:
        """The newest run's id: a preset's name may hold what a file's name must not."""
        newest = self.trend.points[-1].run_id if self.trend.points else "empty"
        return f"trend-{newest}-{self.trend.metric.replace('.', '-')}"

    @property
    def styles(self) -> Sequence[str]:
        """Every format of a trend."""
        return ("csv", "text")

    def text(self, style: str) -> str:
        """The trend."""
        from perftui.report.trend import trend_csv, trend_text

        return trend_csv(self.trend) if style == "csv" else trend_text(self.trend)
