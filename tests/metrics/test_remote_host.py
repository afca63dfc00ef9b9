"""What node_exporter says, and what is made of lines that it would not write."""

from __future__ import annotations

from perftui.metrics.remote_host import RemoteHost, RemoteSample

READING = """# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="idle"} %(idle)f
node_cpu_seconds_total{cpu="0",mode="iowait"} 10
node_cpu_seconds_total{cpu="0",mode="user"} %(user)f
node_memory_MemTotal_bytes 1.6e+10
node_memory_MemAvailable_bytes 4e+09
"""


def test_shares_come_from_the_difference_of_two_readings() -> None:
    host = RemoteHost()
    assert host.sample(READING % {"idle": 100, "user": 50}) == RemoteSample(None, 75.0)
    assert host.sample(READING % {"idle": 100.25, "user": 50.75}) == RemoteSample(75.0, 75.0)
    # a machine that was started anew counts from nought
    assert host.sample(READING % {"idle": 1, "user": 1}).cpu_percent is None


def test_what_is_no_reading_says_nothing() -> None:
    host = RemoteHost()
    for text in ("", "<html>", "node_cpu_seconds_total{", "node_cpu_seconds_total much", "node_cpu_seconds_total NaN"):
        assert host.sample(text) == RemoteSample(None, None)
