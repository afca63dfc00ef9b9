"""JMeter's result file as XML (JTL)."""

from __future__ import annotations

from perftui.presets.safe_xml import read_xml
from perftui.store.foreign.csv_results import JMETER_LACKS, OPERATION, failure_of
from perftui.store.foreign.requests import Requests
from perftui.store.foreign.result import Result

_SAMPLES = {"httpSample", "sample"}


def is_jmeter(text: str) -> bool:
    """Whether the text begins as a JTL does."""
    return "<testResults" in text[:2000]


def jmeter(text: str) -> Result:
    """A JTL (milliseconds): each sample but those that are sums of others; what a sample loads itself is part of it.

    Raises:
        ValueError: no XML, a sample has no numbers, or there is none.
    """
    reader = _Reader()
    read_xml(text, reader.start, reader.end)
    return reader.requests.result("jmeter", lacks=JMETER_LACKS, level=float(min(reader.most_users, 10**6)))


class _Reader:
    def __init__(self) -> None:
        self.requests = Requests()
        self.most_users = 0
        self._open: list[tuple[str, dict[str, str], bool]] = []
        """Samples that have not ended, and whether another is in them."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """A sample begins."""
        if name not in _SAMPLES:
            return
        if self._open:
            kind, outer, _ = self._open[-1]
            self._open[-1] = (kind, outer, True)
        self._open.append((name, attributes, False))

    def end(self, name: str) -> None:
        """A sample ends: counted, unless it is a part of one, or the sum of others."""
        if name not in _SAMPLES:
            return
        kind, attributes, has_others = self._open.pop()
        is_part = any(outer == "httpSample" for outer, _, _ in self._open)
        if is_part or (kind == "sample" and has_others):
            return
        status = attributes.get("rc", "").removeprefix("Non HTTP response code:").strip()
        is_fine = attributes.get("s", "true") == "true"
        try:
            self.requests.add(
                float(attributes["ts"]) / 1e3,
                float(attributes["t"]) / 1e3,
                operation=attributes.get("lb") or OPERATION,
                error="" if is_fine else failure_of(status, attributes.get("rm", ""), None),
            )
            self.most_users = max(self.most_users, int(attributes.get("na", 0)))
        except KeyError as error:
            raise ValueError(f"a sample without {error}") from error
