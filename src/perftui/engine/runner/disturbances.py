"""What may disturb a run: signals, a terminal that hangs up, a viewer that is lost."""

from __future__ import annotations

import anyio

from perftui.engine.fleet.supervisor import Supervisor
from perftui.engine.runner import signals
from perftui.engine.runner.log import RunLog
from perftui.engine.runner.steering import Steering


class Disturbances:
    """Acts on them as the plan says."""

    def __init__(self, steering: Steering, log: RunLog, supervisor: Supervisor, on_disconnect: str) -> None:
        """Guard a run.

        Args:
            steering: of the run.
            log: takes what is not acted on.
            supervisor: of the workers, for the third signal.
            on_disconnect: `finish` or `stop`.
        """
        self._steering = steering
        self._log = log
        self._supervisor = supervisor
        self._stops = on_disconnect == "stop"
        self.cleanup = anyio.CancelScope()
        """Around the clean-up requests: a second signal ends them."""

    async def watch_signals(self) -> None:
        """Act on signals until cancelled."""
        await signals.watch(
            stop=lambda name: self._steering.stop(f"signal {name}", "signal"),
            abort=self._abort,
            hang_up=lambda: self._left_alone("signal HUP", "the terminal hung up", "signal"),
            end_workers=self._supervisor.kill,
        )

    def viewer_lost(self) -> None:
        """The app that showed the run went without a word."""
        self._left_alone("stopped: the viewer was lost", "the viewer was lost", "runner")

    def _abort(self, name: str) -> None:
        if self._steering.is_over:
            self.cleanup.cancel()
        else:
            self._steering.abort(f"signal {name}", "signal")

    def _left_alone(self, stopping: str, going_on: str, origin: str) -> None:
        if self._stops:
            self._steering.stop(stopping, origin)
        else:
            self._log.note(f"{going_on}; the run goes on to its end")
