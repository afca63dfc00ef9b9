"""A machine that tells how it is in the text form of Prometheus, as node_exporter does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)")
_CPU = "node_cpu_seconds_total"
_IDLE = ('mode="idle"', 'mode="iowait"')
_TOTAL, _AVAILABLE = "node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes"


class RemoteSample(NamedTuple):
    """That machine, since the last reading; None: not told."""

    cpu_percent: float | None = None
    memory_percent: float | None = None


class RemoteHost:
    """Makes samples of readings, from the differences between them."""

    def __init__(self) -> None:
        self._busy_s = self._whole_s = 0.0
        self._has_read = False

    def sample(self, text: str) -> RemoteSample:
        """What a reading says; the processor's share from the second one on."""
        idle_s = whole_s = 0.0
        memory: dict[str, float] = {}
        for name, labels, value in _values(text):
            if name == _CPU:
                whole_s += value
                idle_s += value if any(mode in labels for mode in _IDLE) else 0.0
            elif name in {_TOTAL, _AVAILABLE}:
                memory[name] = value
        busy_s = whole_s - idle_s
        passed_s, spent_s = whole_s - self._whole_s, busy_s - self._busy_s
        cpu = 100 * min(1.0, max(0.0, spent_s / passed_s)) if self._has_read and passed_s > 0 else None
        self._busy_s, self._whole_s, self._has_read = busy_s, whole_s, whole_s > 0
        used = 1 - memory[_AVAILABLE] / memory[_TOTAL] if len(memory) == 2 and memory[_TOTAL] > 0 else None
        return RemoteSample(
            None if cpu is None else round(cpu, 2), None if used is None else round(100 * min(1.0, max(0.0, used)), 2)
        )


def _values(text: str) -> Iterator[tuple[str, str, float]]:
    """Name, labels and value of each line; what cannot be read is passed over, as scrapers do."""
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        try:
            value = float(match[3])
        except ValueError:
            continue
        if value - value == 0:  # neither infinite nor no number
            yield match[1], match[2] or "", value
