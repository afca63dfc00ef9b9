"""A network cable in the way: TCP passed on with a delay, and held up for a while when a test says so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from support.waiting import free_port

_PIECE = 64 * 1024


class SlowLink:
    """Listens on a loopback port, and passes on to another one."""

    def __init__(self, port: int, delay_s: float) -> None:
        self.port = free_port()
        self.to = port
        self._delay_s = delay_s
        self._free = threading.Event()
        self._free.set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def hold(self) -> None:
        """Nothing comes through any more."""
        self._free.clear()

    def release(self) -> None:
        """All of it comes through."""
        self._free.set()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self._ready.set()
        await self._over.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.02)  # in which they are closed

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.to)
        self._writers.append(there_writer)
        with suppress(asyncio.CancelledError):
            await asyncio.gather(self._pass_on(reader, there_writer), self._pass_on(there_reader, writer))
        for one in (writer, there_writer):
            one.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sending = asyncio.ensure_future(self._send(queue, writer))
        try:
            while data := await reader.read(_PIECE):
                queue.put_nowait((self._loop.time() + self._delay_s, data))
            queue.put_nowait((self._loop.time() + self._delay_s, b""))
            await sending
        except OSError:
            pass
        finally:
            sending.cancel()

    async def _send(self, queue: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                while not self._free.is_set():  # noqa: ASYNC110 - set by another thread
                    await asyncio.sleep(0.01)
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._ready.wait(10)

    def close(self) -> None:
        """End, and every connection with it."""
        self.release()
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)


@contextmanager
def slow_link(port: int, delay_s: float) -> Iterator[SlowLink]:
    """A link to a loopback port while the block lasts."""
    link = SlowLink(port, delay_s)
    link.start()
    try:
        yield link
    finally:
        link.close()
