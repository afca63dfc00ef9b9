"""One worker process: sends requests by the schedule, reports what it measured once per second.

`python -m perftui.engine.worker` speaks fleet/messages.py on stdin and stdout: Job in, Ready out, Begin and Commands
in, Frames out. The end of stdin means that the runner is gone: the worker stops at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from time import perf_counter_ns
from typing import Any

from msgspec.structs import replace

from perftui.engine.fleet.messages import MOST_NOTES, Begin, Closed, Command, Failure, Frame, Job, Ready, ToWorker
from perftui.engine.load.pacer import LoopPacer
from perftui.engine.worker.channel import Channel
from perftui.engine.worker.cut import Cut
from perftui.engine.worker.left_behind import LeftBehind
from perftui.engine.worker.lifeline import die_with_runner
from perftui.engine.worker.limits import allow_open_files
from perftui.engine.worker.priority import ask_for_short_turns
from perftui.engine.worker.setup import Engine, set_up
from perftui.model.errors import PerftuiError
from perftui.model.interval import Connections
from perftui.model.plan import Phase

INTERVAL_NS = 1_000_000_000
TICK_NS = 20_000_000
CUT_EARLY_NS = 6_000_000
"""An interval is closed this much before its end. Even schedules have an arrival at every full second: packing the
frame takes a millisecond or two and must be over by then, or each second would have its late request."""
PACK_NS = 1_000_000
"""The longest that packing may hold up requests; what is left of a large plan waits for the next tick."""
FLUSH_S = 5.0


class Worker:
    """The life of one worker."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._over = loop.create_future()
        self._ticker = LoopPacer(loop, self._tick)
        self._channel = Channel(self._on_message, self._on_end)
        self._left_behind = LeftBehind()
        self._engine: Engine | None = None
        self._origin_ns = 0
        self._next_tick_ns = self._last_tick_ns = 0
        self._frame_start_ns = self._frame_end_ns = 0
        self._seq = 0
        self._drain_ends_ns = 0
        self._at_cap_ns = 0
        self._packing: tuple[Cut, Frame] | None = None
        self._wall_phase: Phase = "warmup"

    async def run(self) -> None:
        """Until the last frame is sent, or the runner is gone."""
        self._loop.set_exception_handler(self._on_exception)
        await self._channel.open()
        try:
            await self._over
        finally:
            self._ticker.close()
            if self._engine is not None:
                self._engine.load.end()
                self._engine.lag.close()
                notes = await self._engine.clients.close()
                self._channel.send(Closed(notes=tuple(map(self._engine.sampler.told, notes[:MOST_NOTES]))))
        await self._channel.flush(FLUSH_S)

    def _on_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A mistake of ours in a callback: better no worker than one that miscounts. Others make theirs."""
        loop.default_exception_handler(context)
        error = context.get("exception")
        if not (isinstance(error, OSError) and "transport" in context) and not self._left_behind.takes(error):
            self._channel.send(Failure(message=f"internal error: {error or context.get('message')!r}"))
            self._on_end()

    def _on_end(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def _on_message(self, message: ToWorker) -> None:
        try:
            match message:
                case Job():
                    self._engine = set_up(self._loop, message)
                    self._left_behind.begin(message.plan)
                    self._channel.send(Ready(pid=os.getpid()))
                case Begin():
                    self._begin(message.origin_ns)
                case Command():
                    self._command(message)
        except (PerftuiError, ValueError, OSError) as error:
            self._channel.send(Failure(message=str(error)))
            self._on_end()

    def _begin(self, origin_ns: int) -> None:
        engine = self._require_engine()
        self._origin_ns = self._frame_start_ns = self._last_tick_ns = origin_ns
        self._frame_end_ns = origin_ns + INTERVAL_NS
        engine.sampler.origin_ns = origin_ns
        engine.load.start(origin_ns)
        engine.lag.start(max(origin_ns, perf_counter_ns()))
        self._wall_phase = engine.schedule.phase_at(0.0)
        self._arm(max(origin_ns, perf_counter_ns()))

    def _require_engine(self) -> Engine:
        if self._engine is None:
            raise ValueError("a command came before the job")
        return self._engine

    def _command(self, command: Command) -> None:
        engine = self._require_engine()
        at_s = (command.at_ns - self._origin_ns) / 1e9
        match command.kind:
            case "pause":
                engine.schedule.pause(at_s)
            case "resume":
                engine.schedule.resume(at_s)
            case "scale":
                engine.schedule.scale(at_s, command.factor)
            case "hold":
                engine.schedule.hold(at_s, command.level)
            case "stop":
                engine.schedule.stop(at_s)
            case "abort":
                engine.schedule.stop(at_s)
                self._loop.call_later(max(0.0, (command.at_ns - perf_counter_ns()) / 1e9), self._abort)
            case "headers":
                engine.sampler.add_secrets(command.secrets)
                engine.operations.replace_headers(command.headers)
            case "addresses":
                engine.clients.retarget(command.target, command.addresses)
        if command.kind not in {"headers", "addresses"}:
            engine.load.replan()

    def _abort(self) -> None:
        engine = self._require_engine()
        engine.load.end()
        engine.clients.cancel()

    def _arm(self, from_ns: int) -> None:
        """The next tick: in 20 ms, or earlier where a phase, the load or the interval ends."""
        engine = self._require_engine()
        next_ns = min(from_ns + TICK_NS, engine.load.phases.next_change_ns(from_ns))
        load_ends_ns = self._origin_ns + round(engine.schedule.end_s * 1e9)
        if load_ends_ns > from_ns:
            next_ns = min(next_ns, load_ends_ns)
        cut_ns = self._frame_end_ns - CUT_EARLY_NS
        self._next_tick_ns = min(next_ns, cut_ns) if cut_ns > from_ns else next_ns
        self._ticker.arm(self._next_tick_ns)

    def _tick(self) -> None:
        now_ns = perf_counter_ns()
        if now_ns < self._next_tick_ns:  # loop timers may be early
            self._ticker.arm(self._next_tick_ns)
            return
        engine = self._require_engine()
        if engine.clients.waiting:
            self._at_cap_ns += min(now_ns - self._last_tick_ns, TICK_NS * 2)
        self._last_tick_ns = now_ns
        engine.clients.expire(now_ns)
        self._note_phase(engine, now_ns)
        engine.load.tick(now_ns)
        engine.operations.fold_long()
        over = engine.load.ended and self._drained(engine, now_ns)
        if now_ns >= self._frame_end_ns - CUT_EARLY_NS and not self._channel.is_clogged:
            self._cut(engine, now_ns, final=False)
        if over:
            self._cut(engine, now_ns, final=True)
            self._pack(None)
            self._on_end()
            return
        self._pack(PACK_NS)
        self._arm(now_ns)

    def _note_phase(self, engine: Engine, now_ns: int) -> None:
        """What was answered up to now ended in the phase that was on, by the clock."""
        phase = engine.schedule.phase_at((now_ns - self._origin_ns) / 1e9)
        if phase != self._wall_phase:
            engine.operations.mark(self._wall_phase)
            self._wall_phase = phase

    def _drained(self, engine: Engine, now_ns: int) -> bool:
        if engine.load.finished:
            return True
        if not self._drain_ends_ns:
            self._drain_ends_ns = now_ns + engine.drain_ns
        if now_ns < self._drain_ends_ns:
            return False
        engine.clients.cancel()
        return True

    def _cut(self, engine: Engine, now_ns: int, *, final: bool) -> None:
        """All that was measured since the last frame, up to a whole second; the final frame ends now."""
        self._pack(None)
        whole_ns = (now_ns + CUT_EARLY_NS - self._origin_ns) // INTERVAL_NS * INTERVAL_NS
        end_ns = max(now_ns, self._frame_start_ns) if final else self._origin_ns + whole_ns
        engine.operations.mark(self._wall_phase)
        cut = engine.operations.cut()
        clients = engine.clients
        opened, assigned, reconnects = clients.take_opened()
        start_s, end_s = (self._frame_start_ns - self._origin_ns) / 1e9, (end_ns - self._origin_ns) / 1e9
        schedule = engine.schedule
        rate_mode = schedule.load.mode == "rate"
        frame = Frame(
            worker=engine.worker,
            seq=self._seq,
            start_ns=self._frame_start_ns,
            end_ns=end_ns,
            level=schedule.level_at(max(start_s, end_s - 1e-6)) / engine.workers,
            asked=(schedule.arrivals_until(end_s) - schedule.arrivals_until(start_s)) / engine.workers
            if rate_mode
            else 0.0,
            connections=Connections(
                opened=opened,
                reused=max(0, cut.started - assigned),
                reconnects=reconnects,
                open_now=clients.open_now,
            ),
            health=engine.health.take(
                engine.lag.take(),
                in_flight=clients.in_flight,
                queued=clients.waiting,
                at_cap_s=self._at_cap_ns / 1e9,
                start_delay_p99_ms=cut.start_delay_p99_ms,
            ),
            error_samples=engine.sampler.take(final=final),
            captured=engine.operations.clean_up.take(),
            notes=tuple(map(engine.sampler.told, self._left_behind.take_notes())),
            final=final,
        )
        self._packing = cut, frame
        self._at_cap_ns = 0
        self._seq += 1
        self._frame_start_ns = end_ns
        self._frame_end_ns = end_ns + INTERVAL_NS

    def _pack(self, most_ns: int | None) -> None:
        """Pack what was cut, for no longer than that, and send it when all is done."""
        if self._packing is None:
            return
        cut, frame = self._packing
        if cut.pack(most_ns):
            self._channel.send(replace(frame, cells=cut.cells))
            self._packing = None


async def _main() -> None:
    die_with_runner()
    ask_for_short_turns()
    allow_open_files()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-c reaches the whole group; the runner decides
    await Worker(asyncio.get_running_loop()).run()


def main() -> None:
    """Run a worker on stdin and stdout."""
    if not all(
        stat.S_ISFIFO(os.fstat(descriptor).st_mode) or stat.S_ISSOCK(os.fstat(descriptor).st_mode)
        for descriptor in (0, 1)
    ):
        sys.exit("perftui starts its workers itself; try: perftui --help")
    try:
        import uvloop
    except ImportError:
        asyncio.run(_main())
    else:
        uvloop.run(_main())


if __name__ == "__main__":
    main()
