"""The way to the machines of a cluster: a scheduler that somebody started, or one of ours with its Dask workers."""

from __future__ import annotations

import ipaddress
import math
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import ByteReceiveStream, Process

from perftui.engine.fleet.dask_settings import Certificates, quiet_dask
from perftui.engine.fleet.node_process import NodeSettings
from perftui.engine.fleet.ssh import over_ssh, why_ended, why_silent
from perftui.model.errors import GuardError, UnreachableError, UsageError
from perftui.model.text import safe_text
from perftui.presets.cluster import ClusterPlace, hosts_of

if TYPE_CHECKING:
    from distributed import Client, Security

_CONNECT_S = 5.0
_OWN_CONNECT_S = 30.0
"""To a scheduler of our own: it is there, however busy this machine is."""
_START_S = 30.0
_OTHERS_S = 2.0
"""After one has failed: what is wrong with the others is told with it."""
_END_S = 5.0
_LENGTH_BYTES = 8
_LONGEST_GREETING = 64 * 1024
_NODE = ("-m", "perftui.engine.fleet.node_process")


@asynccontextmanager
async def connected(place: ClusterPlace, *, insecure: bool) -> AsyncIterator[Client]:
    """A client of the cluster's scheduler, while the block lasts.

    Raises:
        GuardError: the way there is neither TLS nor loopback.
        UnreachableError: the scheduler or its machines do not answer.
        UsageError: certificates are missing, or the file of hosts is wrong.
    """
    async with AsyncExitStack() as stack:
        if place.kind == "scheduler":
            if not insecure and not await _is_safe(place.address):
                raise GuardError(_unsafe("the scheduler", place.address))
            quiet_dask()
            security = _own_security(place)
            await _see_listener(place)
            client = await stack.enter_async_context(_client(place.address, security, _CONNECT_S))
            addresses = await machines_of(client)
            if not addresses:
                raise UnreachableError(f"{place.address}: the scheduler has no workers; start some: dask worker")
            if not insecure and (bad := [one for one in addresses if not await _is_safe(one)]):
                raise GuardError(_unsafe("a worker", bad[0]))
        else:
            quiet_dask()
            client = await stack.enter_async_context(_own_cluster(place))
        yield client


async def machines_of(client: Client) -> list[str]:
    """The addresses of the Dask workers that a scheduler has."""
    assert client.scheduler is not None
    identity = await client.scheduler.identity(n_workers=-1)
    return sorted(identity["workers"])


def _unsafe(what: str, address: str) -> str:
    return (
        f"{what} is at {safe_text(address)}: whoever reaches a Dask port can run programs there, and what is sent can "
        "be read; use tls://, or say --insecure-cluster"
    )


async def _is_safe(address: str) -> bool:
    """Whether what travels there is encrypted, or does not leave this machine."""
    if address.startswith("tls://"):
        return True
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass  # a name
    try:
        found = await anyio.to_thread.run_sync(lambda: socket.getaddrinfo(host, None), abandon_on_cancel=True)
    except OSError as error:
        raise UnreachableError(f"{safe_text(address)}: its address was not found; check the name") from error
    return all(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]).is_loopback for entry in found)


def _own_security(place: ClusterPlace) -> Security | None:
    """The user's certificates, from where Dask itself looks for them."""
    if not place.address.startswith("tls://"):
        return None
    from distributed import Security

    security = Security(require_encryption=True)
    names = {"tls_ca_file": "CA_FILE", "tls_client_cert": "CLIENT__CERT", "tls_client_key": "CLIENT__KEY"}
    missing = [f"DASK_DISTRIBUTED__COMM__TLS__{name}" for key, name in names.items() if not getattr(security, key)]
    if missing:
        raise UsageError(f"{place.address}: a certificate is needed; set {', '.join(missing)}")
    for key, name in names.items():
        if not Path(getattr(security, key)).is_file():
            raise UsageError(f"DASK_DISTRIBUTED__COMM__TLS__{name}: there is no such file")
    return security


async def _see_listener(place: ClusterPlace) -> None:
    """Find out at once what Dask would try again and again, or wait for without an end.

    Raises:
        UnreachableError: nothing listens there, or no scheduler.
    """
    try:
        with anyio.fail_after(_CONNECT_S):
            stream = await anyio.connect_tcp(place.host, urlsplit(place.address).port or 0)
    except (OSError, TimeoutError) as error:
        raise UnreachableError(f"{place.address}: nothing answers; is a scheduler running there?") from error
    async with stream:
        if not place.address.startswith("tls://"):  # who speaks TLS waits for us to begin
            await _see_greeting(stream, place.address)


async def _see_greeting(stream: ByteReceiveStream, address: str) -> None:
    """A scheduler greets whoever comes: with the length of what it says of itself, 8 bytes, and then that.

    Raises:
        UnreachableError: this one does not.
    """
    said = b""
    try:
        with anyio.fail_after(_CONNECT_S):
            while len(said) < _LENGTH_BYTES:
                said += await stream.receive(_LENGTH_BYTES - len(said))
    except TimeoutError as error:
        raise UnreachableError(
            f"{address}: what listens there said nothing for {_CONNECT_S:.0f} s: it is no Dask scheduler, one that "
            "hangs, or one that speaks tls://"
        ) from error
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError) as error:
        raise UnreachableError(f"{address}: what listens there hung up at once; is it a Dask scheduler?") from error
    if not _LENGTH_BYTES <= int.from_bytes(said, "little") <= _LONGEST_GREETING:
        shown = safe_text(said.decode("utf-8", "backslashreplace"))
        raise UnreachableError(f"{address}: what answers there is no Dask scheduler; it begins with {shown}")


@asynccontextmanager
async def _client(address: str, security: Security | None, limit_s: float) -> AsyncIterator[Client]:
    from distributed import Client

    client = Client(address, asynchronous=True, security=security, timeout=limit_s)
    try:
        try:
            with anyio.fail_after(2 * limit_s):  # Dask waits without an end for some of what it waits for
                await client
        except Exception as error:  # whatever a stranger's bytes make of Dask's reading
            reason = safe_text(str(error)) if isinstance(error, ValueError) else "it does not speak to us"
            hint = (
                "are its certificates of the same authority?" if security else "is it a Dask scheduler of this version?"
            )
            raise UnreachableError(f"{address}: {reason}; {hint}") from error
        yield client
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(_END_S):
            await _close(client)


async def _close(client: Client) -> None:
    """Close it; one that never was open has little to close, and may say so."""
    was_open = client.status == "running"
    try:
        await client.close(timeout=1)
    except Exception:
        if was_open:
            raise


@asynccontextmanager
async def _own_cluster(place: ClusterPlace) -> AsyncIterator[Client]:
    """A scheduler in this process, over certificates of its own, and Dask workers here or over SSH."""
    from distributed import Scheduler

    hosts = [] if place.kind == "local" else hosts_of(place.file)
    certificates = Certificates.made()
    security = certificates.security()
    scheduler = await Scheduler(
        host="127.0.0.1" if place.kind == "local" else "0.0.0.0",  # certificates keep strangers out
        port=0,
        protocol="tls://",
        security=security,
        dashboard=False,
        dashboard_address="127.0.0.1:0",
    )
    port = int(scheduler.address.rpartition(":")[2])
    commands = [over_ssh(host, python, _NODE) for host, python in hosts] or [(sys.executable, *_NODE)] * place.count
    try:
        async with (
            _processes(commands, port, certificates, here=place.kind == "local") as processes,
            _client(f"tls://127.0.0.1:{port}", security, _OWN_CONNECT_S) as client,
        ):
            await _all_there(client, processes, [host for host, _ in hosts])
            yield client
    finally:
        with anyio.CancelScope(shield=True):
            await scheduler.close()


@asynccontextmanager
async def _processes(
    commands: Sequence[tuple[str, ...]], port: int, certificates: Certificates, *, here: bool
) -> AsyncIterator[list[Process]]:
    """Dask workers, each with its settings on stdin; they end when it does."""
    processes: list[Process] = []
    try:
        for number, command in enumerate(commands):
            settings = NodeSettings(
                port=port, host="127.0.0.1" if here else "", certificates=certificates, name=f"perftui-{number}"
            )
            try:
                process = await anyio.open_process(command, start_new_session=True)
            except OSError as error:
                raise UsageError(f"{command[0]}: cannot be started: {error.strerror}") from error
            processes.append(process)
            assert process.stdin is not None
            with suppress(anyio.BrokenResourceError):  # it ended at once; what it said tells why
                await process.stdin.send(msgspec.json.encode(settings) + b"\n")
        yield processes
    finally:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as tasks:
                for process in processes:
                    tasks.start_soon(_end, process)


async def _end(process: Process) -> None:
    assert process.stdin is not None
    await process.stdin.aclose()
    with anyio.move_on_after(_END_S):
        await process.wait()
    if process.returncode is None:
        process.kill()
    await process.wait()
    await process.aclose()


async def _all_there(client: Client, processes: list[Process], hosts: list[str]) -> None:
    """Wait until every Dask worker has come.

    Raises:
        UnreachableError: some ended, or took too long; each is told.
    """
    names = [f"perftui-{number}" for number in range(len(processes))]
    missing = names
    first_end_s = math.inf
    with anyio.move_on_after(_START_S):
        while missing and anyio.current_time() < first_end_s + _OTHERS_S:
            missing = await _missing(client, names)
            if any(process.returncode is not None for process in processes):
                first_end_s = min(first_end_s, anyio.current_time())
            await anyio.sleep(0.05)
    if not missing:
        return
    problems = []
    for number, process in enumerate(processes):
        host = hosts[number] if hosts else ""
        if process.returncode is not None:
            said = await _last_line(process)
            problems.append(why_ended(host, process.returncode, said) if host else f"a process of the cluster: {said}")
        elif names[number] in missing and first_end_s == math.inf:
            port = urlsplit(client.scheduler.address).port  # type: ignore[union-attr]  # it is open
            problems.append(why_silent(host or "a process of the cluster", port or 0, _START_S))
    raise UnreachableError(*problems)


async def _missing(client: Client, names: list[str]) -> list[str]:
    """Those of the Dask workers that have not come yet."""
    assert client.scheduler is not None
    identity = await client.scheduler.identity(n_workers=-1)
    there = {worker["name"] for worker in identity["workers"].values()}
    return [name for name in names if name not in there]


async def _last_line(process: Process) -> str:
    assert process.stderr is not None
    said = b""
    with anyio.move_on_after(1):
        async for data in process.stderr:
            said = (said + data)[-4096:]
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return safe_text(lines[-1]) if lines else f"it ended with code {process.returncode}"
