"""Messages per processor second against the `websockets` library, and what an idle connection costs.

python tests/benchmarks/websockets_clients.py [CONNECTIONS] [SECONDS] [ROUNDS] [IDLE]
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import picows
import websockets

from perftui.model.plan import Operation, Plan, Target
from support.benchmark import Speed, compare, load, numbers, speed
from support.load_worker import make_plan
from support.turns import GENERATOR_CPU, SERVER_CPU

LEAST = 2.5
TEXT = "hello to everybody in this room"
_PLACE = Path(__file__)


class _Echo(picows.WSListener):
    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.TEXT:
            transport.send(picows.WSMsgType.TEXT, frame.get_payload_as_bytes())
        elif frame.msg_type == picows.WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()


async def _serve() -> None:
    """An echo server that says its port and ends with its standard input."""
    server = await picows.ws_create_server(lambda _: _Echo(), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


async def _talk(port: int, connections: int, seconds: float) -> None:
    """The library's own client: each connection says something and waits until it has come back."""
    said = 0

    async def one(end_s: float) -> None:
        nonlocal said
        async with websockets.connect(f"ws://127.0.0.1:{port}/", compression=None) as connection:
            while time.perf_counter() < end_s:
                await connection.send(TEXT)
                await connection.recv()
                said += 1

    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(began_s + seconds) for _ in range(connections)))
    print(said, time.perf_counter() - began_s, time.process_time() - began_cpu_s)


@contextmanager
def _server() -> Iterator[int]:
    command = ["taskset", "-c", str(SERVER_CPU), sys.executable, str(_PLACE), "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.communicate("")


def _theirs(port: int, connections: int, seconds: float) -> Speed:
    command = ["taskset", "-c", str(GENERATOR_CPU), sys.executable, str(_PLACE), "talk", str(port)]
    said = subprocess.run([*command, str(connections), str(seconds)], capture_output=True, text=True, check=True).stdout
    messages, elapsed_s, cpu_s = map(float, said.split())
    return Speed(messages / elapsed_s, messages / cpu_s)


def _plan(port: int, users: int, seconds: float, **request: object) -> Plan:
    operation = Operation(name="say", driver="ws", request={"ws": TEXT, **request})
    target = Target(url=f"ws://127.0.0.1:{port}", timeout_s=60.0)
    return make_plan(target.url, users=users, duration_s=seconds, operations=(operation,), target=target)


def _memory(port: int, users: int) -> int:
    """What a worker needs that holds so many connections and says nothing."""
    measured = load(_plan(port, users, 3.0, ws="", expect=0, hold_s=2.0))
    assert measured.opened == users, f"{measured.opened} connections opened"
    counts = measured.counts()
    assert counts.ok == counts.scheduled >= users, f"{counts} {measured.classes()}"
    return max(frame.health.memory_bytes for frame in measured.frames)


def main(connections: float = 50, seconds: float = 4.0, rounds: float = 3, idle: float = 2000) -> int:
    """Print ratio and memory; 0 when the ratio reaches the floor."""
    with _server() as port:
        reached = compare(
            f"{int(connections)} WebSockets",
            lambda: speed(load(_plan(port, int(connections), seconds))),
            partial(_theirs, port, int(connections), seconds),
            rounds=rounds,
            least=LEAST,
            per_cpu=True,
        )
        few, many = _memory(port, 1), _memory(port, int(idle))
        each = (many - few) / (idle - 1)
        print(f"{int(idle):,} idle connections held, worker memory {many / 1e6:.0f} MB, {each / 1e3:.1f} kB for each")
    return 0 if reached else 1


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(_serve())
        case ["talk", port, connections, seconds]:
            asyncio.run(_talk(int(port), int(connections), float(seconds)))
        case arguments:
            raise SystemExit(main(*numbers(arguments)))
