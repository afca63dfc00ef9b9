"""Results with a line for each event: JSON lines of k6, simulation.log of Gatling."""

from __future__ import annotations

from datetime import datetime

import msgspec

from perftui.model.text import safe_text
from perftui.store.foreign.requests import Requests, status_class
from perftui.store.foreign.result import Result

_OUTCOMES = {"OK", "KO"}


class _Data(msgspec.Struct):
    time: str = ""
    value: float = 0.0
    tags: dict[str, str] = {}


class _Point(msgspec.Struct):
    type: str = ""
    metric: str = ""
    data: _Data | None = None


def is_k6(text: str) -> bool:
    """Whether the first line is one of `k6 run --out json`."""
    line = text.lstrip()[:4096].partition("\n")[0]
    return line.startswith("{") and '"metric"' in line and ('"Metric"' in line or '"Point"' in line)


def k6(text: str) -> Result:
    """`k6 run --out json=FILE` (milliseconds; a point is taken when the answer is there).

    Raises:
        ValueError: a line is damaged, or no request is in it.
    """
    requests = Requests()
    decoder = msgspec.json.Decoder(_Point)
    most_users, dropped = 0.0, 0.0
    for number, line in enumerate(text.splitlines(), 1):
        is_wanted = '"http_req_duration"' in line or '"vus"' in line or '"dropped_iterations"' in line
        if not is_wanted or '"Point"' not in line:
            continue
        try:
            point = decoder.decode(line)
            if point.data is None:
                continue
            if point.metric == "vus":
                most_users = max(most_users, point.data.value)
            elif point.metric == "dropped_iterations":
                dropped += point.data.value
            elif point.metric == "http_req_duration":
                _add(requests, point.data)
        except (msgspec.DecodeError, ValueError, OverflowError) as error:
            raise ValueError(f"line {number}: {safe_text(str(error))}") from error
    lacks = ["not how much load was asked for"]
    if dropped:
        lacks.append(f"{dropped:,.0f} dropped iterations are not among its requests")
    return requests.result("k6", lacks=tuple(lacks), level=min(most_users, 1e6) if most_users >= 0 else 0.0)


def _add(requests: Requests, data: _Data) -> None:
    tags, time_s = data.tags, data.value / 1e3
    failed = tags.get("expected_response") == "false" or tags.get("status") == "0"
    name = f"{tags.get('method', '')} {tags.get('name') or tags.get('url') or 'requests'}".strip()
    code = "timeout" if tags.get("error_code") == "1050" else tags.get("error", "")
    error = status_class(tags.get("status", ""), code) if failed else ""
    requests.add(datetime.fromisoformat(data.time).timestamp() - time_s, time_s, operation=name, error=error)


def is_gatling(text: str) -> bool:
    """Whether the text begins as a simulation.log does."""
    return text[:2000].startswith("RUN\t") or text[:2000].partition("\n")[0].count("\tRUN\t") == 1


def gatling(text: str) -> Result:
    """Gatling's simulation.log as text, of 2.x to 3.11 (milliseconds).

    Raises:
        ValueError: a line is damaged, or no request is in it.
    """
    requests = Requests()
    users, most_users = 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split("\t")
        if fields[0] == "USER" or (len(fields) > 2 and fields[2] == "USER"):
            users += ("START" in fields) - ("END" in fields)
            most_users = max(most_users, users)
        if fields[0] != "REQUEST" and (len(fields) < 3 or fields[2] != "REQUEST"):
            continue
        try:
            place = next(at for at in range(len(fields) - 1, 3, -1) if fields[at] in _OUTCOMES)
            started, ended = float(fields[place - 2]), float(fields[place - 1])
            message = " ".join(fields[place + 1 :]).strip()
            error = _failure(message) if fields[place] == "KO" else ""
            requests.add(started / 1e3, (ended - started) / 1e3, operation=fields[place - 3], error=error)
        except (StopIteration, ValueError) as error:
            raise ValueError(f"line {number}: {safe_text(str(error) or 'neither OK nor KO')}") from error
    return requests.result("gatling", lacks=("no URL and no statuses",), level=float(most_users))


def _failure(message: str) -> str:
    """Gatling tells the status in words: `status.find.in(200,...), but actually found 503`."""
    found = message.rpartition("found ")[2].strip()
    return status_class(found if found.isdecimal() else "", message)
