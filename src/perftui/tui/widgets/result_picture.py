"""Everything the result screen draws: the record of a run, and its timeline where its seconds are known."""

from __future__ import annotations

from dataclasses import dataclass

from perftui.metrics.timeline import Timeline
from perftui.model.interval import ErrorSample, Event
from perftui.model.record import Record
from perftui.store.loading import LoadedRun
from perftui.tui.widgets.chart import Points
from perftui.tui.widgets.picture import LivePicture


@dataclass(frozen=True, kw_only=True, eq=False)
class ResultPicture:
    """A finished run."""

    run: LoadedRun
    timeline: Timeline
    live: LivePicture
    """The run at its last moment, for the panels that live and result share."""
    sort: str = "share"
    baseline_id: str = ""
    curve: Points = ()
    """Quantile and response time, ms."""
    baseline_curve: Points = ()

    @property
    def record(self) -> Record:
        """The record."""
        return self.run.record

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened during the run."""
        return self.run.events

    @property
    def samples(self) -> tuple[ErrorSample, ...]:
        """Failed exchanges that were kept."""
        return self.run.error_samples
