"""The part of a run that is saved: from the folder to the finished record.

Imported while the workers start: numpy costs a tenth of a second, which nobody waits for then.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

import anyio
from msgspec.structs import replace

from perftui.engine.control.server import ControlServer
from perftui.engine.fleet.supervisor import Supervisor
from perftui.engine.runner.disturbances import Disturbances
from perftui.engine.runner.environment import describe
from perftui.engine.runner.guard import Guard
from perftui.engine.runner.hooks import Hooks
from perftui.engine.runner.live import LiveRun
from perftui.engine.runner.log import RunLog, now_text
from perftui.engine.runner.prepare import Prepared
from perftui.engine.runner.request import RunRequest
from perftui.engine.runner.resolving import keep_resolved
from perftui.engine.runner.target_process import target_tree
from perftui.metrics.timeline import Timeline
from perftui.model.errors import PerftuiError, UsageError
from perftui.model.interval import Event
from perftui.model.journal import Header, JournalLine
from perftui.model.record import Record
from perftui.model.text import safe_text
from perftui.presets.redaction import Redactor, redact_plan
from perftui.presets.variables import names_in
from perftui.store.journal import JOURNAL_NAME
from perftui.store.journal_writer import JournalWriter
from perftui.store.leftovers import Leftovers
from perftui.store.library import RunFolder, RunLibrary
from perftui.store.loading import load_folder, load_run
from perftui.store.overview import WORTH_IT_S, write_overview
from perftui.store.paths import socket_path
from perftui.store.records import write_record
from perftui.store.safe_reading import safe_struct

_LONG_S = 1.0
OnLine = Callable[[JournalLine], None]
OnStarted = Callable[[RunFolder], None]


async def save_run(
    request: RunRequest,
    prepared: Prepared,
    supervisor: Supervisor,
    hooks: Hooks,
    *,
    on_line: OnLine | None,
    on_started: OnStarted | None,
) -> Record:
    """Have ready workers execute the plan, and save what they measure.

    Raises:
        PerftuiError: the run's folder cannot be made, or its control socket; nothing is left of it.
    """
    plan = safe_struct(redact_plan(prepared.plan))
    scrub = Redactor((*prepared.secrets, *hooks.secrets)).text
    folder, writer, socket = _place(plan.name)
    header = Header(
        id=folder.id,
        plan=plan,
        started_at=now_text(),
        label=safe_text(scrub(request.label)),
        environment=describe(prepared.workers, prepared.hosts),
        rounds_of=request.rounds_of,
        round=request.round,
        search=request.search,
    )
    leftovers = _leftovers(folder.path, prepared, hooks)
    try:
        log = RunLog(writer, Timeline(plan), scrub=scrub, on_line=on_line)
        log.write(header)
        guard = Guard(prepared.resolved, prepared.addresses, request.confirm_host, hooks.weights)
        tree = target_tree(prepared.resolved, prepared.reachable)
        live = LiveRun(prepared.resolved, supervisor, log, guard, tree=tree, leftovers=leftovers)
        steering = live.steering
        disturbances = Disturbances(steering, log, supervisor, plan.load.on_disconnect)
        writer.keep_place()
        disk_problem = _save(writer.folder, _started(header))
        server = ControlServer(socket, steering.apply, disturbances.viewer_lost)
        async with anyio.create_task_group() as tasks:
            await tasks.start(server.serve)
            tasks.start_soon(disturbances.watch_signals)
            tasks.start_soon(live.remote.keep_read)
            tasks.start_soon(hooks.keep_renewed, steering, log)
            tasks.start_soon(keep_resolved, prepared, supervisor.seats, steering, log, guard)
            if on_started is not None:
                on_started(folder)
            for note in (*prepared.notes, *hooks.notes, *disk_problem):
                log.note(note)
            hooks.load_began = True
            end = await live.run()
            with disturbances.cleanup:
                async with anyio.create_task_group() as told:
                    told.start_soon(_tell_if_long, log)
                    await live.wait_torn_down()
                    for note in await hooks.after(live.captured):
                        log.note(note)
                    told.cancel_scope.cancel()
            if disturbances.cleanup.cancelled_caught:
                log.note("the clean-up was ended by a signal")
            if leftovers is not None and hooks.is_clean:
                leftovers.done()
            elif leftovers is not None:
                log.note(f"not all is cleaned up: `perftui runs recover --clean {folder.id}` tries again")
            writer.keep_place()
            log.note_disk()
            log.write(end)
            writer.sync()
            from perftui.analysis.record import complete_record  # not while the first request waits for it

            before = writer.folder
            record, problems = _kept(writer, complete_record(header, log.timeline, end), log.timeline)
            if request.baseline and not problems:
                record = _compared(writer.folder, record, request)
                problems = _save(writer.folder, record)
            if writer.folder != before:
                problems = [f"the run's folder was removed or replaced; it is in {writer.folder}", *problems]
            for problem in (*problems, *([writer.problem] if writer.problem else [])):
                log.show(Event(at_s=log.timeline.at_s, kind="disk", detail=problem, origin="runner"))
            tasks.cancel_scope.cancel()
    finally:
        writer.close()
        if leftovers is not None:
            leftovers.close()
        if not hooks.load_began:
            rmtree(folder.path, ignore_errors=True)
    return record


async def _tell_if_long(log: RunLog) -> None:
    """Nothing moves any more, and the run is not over: say why."""
    await anyio.sleep(_LONG_S)
    log.note("the load is over; its clean-up and tear-down go on, until a second signal")


def _leftovers(folder: Path, prepared: Prepared, hooks: Hooks) -> Leftovers | None:
    """What keeps the values that the plan's clean-up needs; None without one."""
    plan = prepared.resolved
    if not plan.after:
        return None
    names = {name for operation in plan.after for name in names_in(operation)}
    leftovers = Leftovers(folder, names, (*prepared.secrets, *hooks.secrets))
    leftovers.keep([hooks.variables], by_load=False)
    return leftovers


def _place(plan_name: str) -> tuple[RunFolder, JournalWriter, Path]:
    """A new folder, its journal, and the path of the control socket.

    Raises:
        UsageError: one of them cannot be made; none is left.
    """
    folder = RunLibrary().create(plan_name)
    path = folder.path / JOURNAL_NAME

    def elsewhere() -> Path:
        return RunLibrary().create(plan_name, folder.id).path

    try:
        socket = socket_path(folder.id)
        writer = JournalWriter(path, elsewhere=elsewhere)
    except (OSError, UsageError) as error:
        with suppress(OSError):
            folder.path.rmdir()
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path}: cannot be made: {error.strerror}; see PERFTUI_DATA_DIR") from error
    return folder, writer, socket


def _started(header: Header) -> Record:
    return Record(
        id=header.id, label=header.label, started_at=header.started_at, plan=header.plan, status="running",
        environment=header.environment, rounds_of=header.rounds_of, round=header.round,
    )  # fmt: skip


def _compared(folder: Path, record: Record, request: RunRequest) -> Record:
    """The record with what its baseline says about it. What keeps it from being compared is told by whoever asked."""
    from perftui.analysis.regressions import with_regression
    from perftui.analysis.saved_runs import compare_saved, with_rounds

    try:
        baseline = with_rounds(load_run(request.baseline))
        comparison = compare_saved(baseline, [load_folder(folder)], threshold=request.threshold)
    except PerftuiError:
        return record
    return with_regression(record, comparison)


def _kept(writer: JournalWriter, record: Record, timeline: Timeline) -> tuple[Record, list[str]]:
    """The record as it is saved, and what the disk refused: it goes to where the journal is at that moment.

    Somebody may have taken the folder away while the record was made, which takes a while.
    """
    for _ in range(2):
        writer.keep_place()
        record = replace(record, id=writer.folder.name)
        problems = _save(writer.folder, record, timeline)
        if not problems:
            break
    return record, problems


def _save(folder: Path, record: Record, timeline: Timeline | None = None) -> list[str]:
    """Write run.toml, and for a long run its overview; what the disk refused, in words. The journal has it all."""
    try:
        write_record(folder, record)
        if timeline is not None and timeline.at_s >= WORTH_IT_S:
            write_overview(folder, timeline)
    except OSError as error:
        return [f"{folder}: the record was not saved: {error.strerror}; `perftui runs recover` makes it again"]
    return []
