"""Reads the metrics of the target's machine once a second, beside the load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from perftui.engine.runner.log import RunLog
from perftui.metrics.remote_host import RemoteHost, RemoteSample
from perftui.model.text import safe_text

if TYPE_CHECKING:
    import httpx

_EVERY_S = 1.0
_LIMIT_S = 2.0
_MOST_BYTES = 8 * 1024**2


class RemoteMetrics:
    """The newest sample of that machine."""

    def __init__(self, url: str, log: RunLog) -> None:
        """Read from a URL.

        Args:
            url: of the text form of Prometheus; empty: nothing is read.
            log: is told when it cannot be read, and when it can again.
        """
        self._url = url
        self._log = log
        self._host = RemoteHost()
        self._fails = False
        self.newest = RemoteSample()
        """Without numbers while it cannot be read."""

    async def keep_read(self) -> None:
        """Read until cancelled."""
        if not self._url:
            return
        import httpx  # a tenth of a second that most runs need not wait for

        from perftui.engine.clients.guarded_http import GuardedTransport

        async with httpx.AsyncClient(transport=GuardedTransport(), timeout=_EVERY_S, trust_env=False) as client:
            while True:
                try:
                    self.newest = self._host.sample(await self._text(client))
                except TimeoutError:
                    self.newest = RemoteSample()
                    self._say(f"cannot be read: no whole answer within {_LIMIT_S:g} s", fails=True)
                except (httpx.HTTPError, ValueError) as error:
                    self.newest = RemoteSample()
                    self._say(f"cannot be read: {safe_text(str(error) or type(error).__name__)}", fails=True)
                else:
                    self._say("can be read again", fails=False)
                await anyio.sleep(_EVERY_S)

    async def _text(self, client: httpx.AsyncClient) -> str:
        read = bytearray()
        with anyio.fail_after(_LIMIT_S):  # one that drips would leave an old sample standing as the newest
            async with client.stream("GET", self._url) as answer:
                answer.raise_for_status()
                async for part in answer.aiter_bytes():
                    read += part
                    if len(read) > _MOST_BYTES:
                        raise ValueError("more than 8 MB")
        return read.decode("utf-8", "replace")

    def _say(self, what: str, *, fails: bool) -> None:
        if fails != self._fails:
            self._fails = fails
            self._log.note(f"the metrics of the target's machine: {what}")
