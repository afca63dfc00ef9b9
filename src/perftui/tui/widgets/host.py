"""This machine, the workers, and the target's process when it is local. Pure."""

from __future__ import annotations

from textual.content import Content

from perftui.model.interval import HostSample, Interval
from perftui.model.units import format_bytes, format_ms
from perftui.tui.widgets.cells import Drawing, Text, join, paint, whole_pieces
from perftui.tui.widgets.host_charts import LEAST, host_charts
from perftui.tui.widgets.machine_lines import live_machines
from perftui.tui.widgets.picture import TREND_S, LivePicture, trend_seconds

_HOT_PERCENT = 80.0
_NAME = paint("host", "bold $panel-title")
"""Stands for the title where there is one line."""


def draw_host(picture: LivePicture, width: int, height: int) -> Drawing:
    """CPU and memory with a trend each (a full block is 100 %), network, workers, target."""
    interval = picture.interval
    host = interval.host
    if picture.state == "starting":
        none = paint("not sampled yet", "$quiet")
        return Drawing([join((_NAME, none), "  ") if height == 1 else none], title="This machine")
    if height == 1:
        return Drawing([_one_line(interval, width)])
    line = max(6, min(TREND_S, (width - 25) // 2))
    gauges = join(
        (
            _gauge(picture, "cpu", "cpu", host.cpu_percent, line),
            _gauge(picture, "mem", "memory", host.memory_percent, line),
        ),
        "   ",
    )
    workers, target = _workers(interval, width), _target(interval, picture.plan.target.pid, width)
    lines: list[Text] = [gauges, _traffic(host), workers, target]
    if 0 < height < len(lines):
        lines = [gauges, *(workers, target)[: height - 1]]
    elif machines := live_machines(interval, height - len(lines) - 1 if height else 0):
        lines += ["", *machines]
    if height - len(lines) - 1 >= LEAST:
        lines += ["", *host_charts(picture, width, height - len(lines) - 1)]
    note = f"last {trend_seconds(line)} s, 0–100 %"
    return Drawing(lines, title=_title(interval), note=note, status=_pressure(interval))


def _title(interval: Interval) -> str:
    """Whose numbers these are: with a cluster, those of its worst machine."""
    machines = interval.machines
    if not machines:
        return "This machine"
    lost = sum(machine.lost for machine in machines)
    return f"Worst of {len(machines)} machines" + (f", {lost} lost" if lost else "")


def _traffic(host: HostSample) -> Content:
    pieces = [
        ("net in ", f"{format_bytes(host.net_received_bytes)}/s"),
        ("out ", f"{format_bytes(host.net_sent_bytes)}/s"),
        ("disk written ", f"{format_bytes(host.disk_write_bytes)}/s"),
    ]
    return join((paint(name, "$quiet") + Content(value) for name, value in pieces), "  ")


def _gauge(picture: LivePicture, name: str, metric: str, percent: float, width: int) -> Content:
    style = "$warning" if percent >= _HOT_PERCENT else "$series-1"
    return Content.assemble(
        (f"{name} ", "$quiet"), (picture.trend(metric, width, 100.0)[0], style), (f" {percent:3.0f} %", "bold")
    )


def _workers(interval: Interval, width: int) -> Content:
    workers = interval.workers
    if not workers:
        return paint("workers: not reported yet", "$quiet")
    cpu = max(worker.cpu_percent for worker in workers)
    lag = max(worker.loop_lag_p99_ms for worker in workers)
    in_flight = sum(worker.in_flight for worker in workers)
    queued = sum(worker.queued for worker in workers)
    lost = sum(worker.state == "lost" for worker in workers)
    count = f"{len(workers)} worker{'s' if len(workers) != 1 else ''} "
    late = paint("lag ", "$quiet") + Content(f"{format_ms(lag)} ms")
    pieces = [
        paint(count, "$quiet") + paint(f"{cpu:.0f} %", "bold $warning" if cpu >= _HOT_PERCENT else "bold"),
        late,
        paint("in flight ", "$quiet") + Content(f"{in_flight:,}"),
    ]
    if queued:
        pieces.append(paint(f"queued {queued:,}", "$warning"))
    if lost:
        pieces.append(paint(f"{lost} lost", "bold $error"))
    if join(pieces, "  ").cell_length > width:
        pieces.remove(late)  # the trust screen has it, too; counts are never cut
    return join(pieces, "  ")


def _target(interval: Interval, pid: int, width: int) -> Content:
    host = interval.host
    if host.remote_cpu_percent is not None:
        memory = "" if host.remote_memory_percent is None else f"  mem {host.remote_memory_percent:.0f} %"
        return paint("target's machine  ", "$quiet") + Content(f"cpu {host.remote_cpu_percent:.0f} %{memory}")
    if host.target_cpu_percent is None and pid:
        return paint(f"target pid {pid}: ended, or not readable", "$quiet")
    if host.target_cpu_percent is None:
        return paint("target process: not known (target.pid or target.process names it)", "$quiet")
    pieces = [paint(f"target pid {pid}" if pid else "target", "$quiet")]
    pieces.append(Content(f"cpu {host.target_cpu_percent:.0f} %"))
    if host.target_memory_bytes is not None:
        pieces.append(Content(format_bytes(host.target_memory_bytes)))
    for count, least, name in (
        (host.target_processes, 2, "processes"),
        (host.target_threads, 1, "threads"),
        (host.target_open_files, 1, "files"),
    ):
        if count is not None and count >= least:
            pieces.append(Content(f"{count:,} {name if count != 1 else name[:-1]}"))
    return whole_pieces(pieces, width)


def _pressure(interval: Interval) -> Content:
    host = interval.host
    words = [f"throttled {host.throttled_percent:.0f} %"] if host.throttled_percent else []
    words += [f"steal {host.steal_percent:.0f} %"] if host.steal_percent >= 1 else []
    words.append(f"busiest core {host.cpu_max_core_percent:.0f} %")
    return Content(" · ").join([Content(word) for word in words])


def _one_line(interval: Interval, width: int) -> Content:
    host = interval.host
    machine = f"cpu {host.cpu_percent:.0f} %  mem {host.memory_percent:.0f} %"
    room = width - _NAME.cell_length - len(machine) - 4
    return join((_NAME, machine, _workers(interval, room)), "  ")
