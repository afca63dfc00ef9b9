"""Schedulers and workers of Dask, each a process: copies of this one, which has loaded Dask once for all of them.

Told on stdin, a line of JSON each; answers with the process id of the copy. The end of stdin ends it, not its copies.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import signal
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy is to be."""

    kind: Literal["scheduler", "worker"]
    address: str
    """Of the scheduler."""
    folder: str
    """In which it may write; what it says goes into its file `said`."""
    tls: tuple[str, str, str] | None = None
    """Files of the authority, the certificate and the key."""
    stranger: bool = False
    """Without the perftui that the test has."""
    perftui: str = ""
    """Of a stranger: the version that is installed instead; empty: none is."""


async def _serve(wanted: Wanted) -> None:
    import distributed

    options: dict[str, Any] = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    if wanted.tls:
        authority, certificate, key = wanted.tls
        names = {"tls_ca_file": authority} | {
            f"tls_{role}_{part}": path
            for role in ("client", "scheduler", "worker")
            for part, path in (("cert", certificate), ("key", key))
        }
        options["security"] = distributed.Security(require_encryption=True, **names)
    served: distributed.Scheduler | distributed.Worker
    if wanted.kind == "scheduler":
        scheme, _, place = wanted.address.partition("://")
        host, _, port = place.partition(":")
        served = distributed.Scheduler(host=host, port=int(port), protocol=f"{scheme}://", **options)
    else:
        served = distributed.Worker(
            wanted.address, nthreads=1, memory_limit=0, local_directory=wanted.folder, **options
        )
    await served
    print(f"Begun: {wanted.kind}", flush=True)
    await served.finished()  # type: ignore[no-untyped-call]  # distributed says no types here


def _become(wanted: Wanted) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    said = os.open(Path(wanted.folder, "said"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(old, new)
    if wanted.stranger:
        _forget_perftui(wanted.perftui)
    asyncio.run(_serve(wanted))


def _forget_perftui(instead: str) -> None:
    """As if it were not installed, or another one were: none of its modules can be loaded."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "perftui"]:
        del sys.modules[name]
    sys.modules["perftui"] = None  # type: ignore[assignment]  # importing it fails

    def version(distribution_name: str) -> str:
        if not instead:
            raise importlib.metadata.PackageNotFoundError(distribution_name)
        return instead

    importlib.metadata.version = version


def main() -> None:
    """Make copies until stdin ends."""
    import distributed  # noqa: F401 - here, as tests read only what a copy is told

    import perftui.engine.fleet.node  # noqa: F401 - what workers need of perftui is loaded once, too

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here
    for line in sys.stdin:
        wanted = msgspec.json.decode(line, type=Wanted)
        pid = os.fork()
        if not pid:
            try:
                _become(wanted)
            finally:
                os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
