"""A worker whose runner is killed, and whose input does not end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from support.waiting import wait_until

PARENT = """
import subprocess, sys, time
command = [sys.executable, "-m", "perftui.engine.worker"]
worker = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
print(worker.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have the end of the input only")
def test_a_worker_dies_with_its_runner_also_when_its_input_goes_on() -> None:
    reading, writing = os.pipe()
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=reading, stdout=subprocess.PIPE) as parent:
        os.close(reading)
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        wait_until(lambda: _waits_for_input(worker), 30, "the worker's readiness")
        parent.kill()
    wait_until(lambda: not worker.is_running(), 10, "the end of the worker")
    os.close(writing)


def _waits_for_input(worker: psutil.Process) -> bool:
    """Its event loop is there, and has nothing to do."""
    try:
        links = [str(link.readlink()) for link in Path(f"/proc/{worker.pid}/fd").iterdir()]
    except FileNotFoundError:  # a file was closed meanwhile: it is not waiting yet
        return False
    return any("eventpoll" in link for link in links) and worker.status() == psutil.STATUS_SLEEPING
