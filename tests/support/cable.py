"""A cable to a network of its own: a namespace whose packets come and go with a delay, as from another machine.

`tc netem` would be shorter, and many kernels lack it; two TUN devices and whoever carries packets between them are
everywhere. Needs Linux and a user who may make namespaces and devices; elsewhere the test is skipped and says so.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.waiting import wait_until

_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x1001
_MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Cable:
    """It is there. Both ends have an address, and the namespace reaches all addresses of this machine."""

    number: int
    namespace: str

    @property
    def here(self) -> str:
        """Address of this end."""
        return f"10.231.{self.number}.1"

    @property
    def there(self) -> str:
        """Address of the end in the namespace."""
        return f"10.231.{self.number}.2"


@contextmanager
def cable(number: int, delay_s: float) -> Iterator[Cable]:
    """Lay a cable; the test is skipped where nobody may.

    Args:
        number: from 0; a test has one of each.
        delay_s: of a packet, each way.
    """
    made = Cable(number, f"pt-{os.getpid()}-{number}")
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        pytest.skip("this machine has no ip or unshare: iproute2, util-linux")
    if subprocess.run(["ip", "netns", "add", made.namespace], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows nobody network namespaces of their own")
    here = -1
    try:
        try:
            here = _device(f"pt{number}")
        except OSError:
            pytest.skip("this machine allows nobody TUN devices")
        _configure(f"pt{number}", made.here)
        with _carrier(made, here, delay_s):
            yield made
    finally:
        if here >= 0:
            os.close(here)
        subprocess.run(["ip", "netns", "del", made.namespace], check=True)


@contextmanager
def _carrier(made: Cable, here: int, delay_s: float) -> Iterator[None]:
    command = ["ip", "netns", "exec", made.namespace, sys.executable, "-m", "support.cable"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    process = subprocess.Popen(
        [*command, str(here), str(delay_s), made.here, made.there], pass_fds=(here,), env=environment
    )
    try:
        wait_until(lambda: _answers(made), 20, "the cable")
        yield
    finally:
        process.kill()
        process.wait()


def _answers(made: Cable) -> bool:
    found = subprocess.run(
        ["ip", "netns", "exec", made.namespace, "ip", "route", "get", made.here], capture_output=True, check=False
    )
    return not found.returncode


def _device(name: str) -> int:
    opened = os.open("/dev/net/tun", os.O_RDWR)
    try:
        fcntl.ioctl(opened, _TUNSETIFF, struct.pack("16sH14x", name.encode(), _IFF_TUN_NO_PI))
    except OSError:
        os.close(opened)
        raise
    return opened


def _configure(name: str, address: str) -> None:
    subprocess.run(["ip", "address", "add", f"{address}/24", "dev", name], check=True)
    subprocess.run(["ip", "link", "set", name, "up"], check=True)


def _carry(here: int, there: int, delay_s: float) -> None:
    """Pass packets on, each when it is due."""
    under_way: deque[tuple[float, int, bytes]] = deque()
    while True:
        wait_s = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        for ready in select.select([here, there], [], [], wait_s)[0]:
            packet = os.read(ready, _MOST_BYTES)
            under_way.append((time.monotonic() + delay_s, there if ready == here else here, packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, to, packet = under_way.popleft()
            with suppress(OSError):  # a packet that nobody takes is lost, as on any cable
                os.write(to, packet)


def main() -> None:
    """The far end: a device in this namespace, and who carries packets to it and from it."""
    here, delay_s, gateway, address = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4]
    there = _device("cable")
    _configure("cable", address)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "route", "add", "default", "via", gateway], check=True)
    _carry(here, there, delay_s)


if __name__ == "__main__":
    main()
