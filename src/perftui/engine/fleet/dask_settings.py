"""How Dask is set up, on both ends: quiet, with short logs, over certificates that live in memory only."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec import Struct

from perftui.model.errors import UsageError

if TYPE_CHECKING:
    from distributed import Security

_SETTINGS = {
    "distributed.scheduler.worker-ttl": "10s",  # a machine that says nothing for so long is gone
    "distributed.admin.low-level-log-length": 10,  # each log would keep 1,000 of what workers measured
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.comm.retry.count": 0,
    "distributed.comm.timeouts.connect": "5s",
}


class Certificates(Struct, frozen=True, kw_only=True):
    """One certificate for all of a cluster that perftui starts: whoever has it belongs to it."""

    certificate: str
    key: str

    @classmethod
    def made(cls) -> Certificates:
        """New ones, for one run."""
        from distributed import Security

        security = Security.temporary()
        return cls(certificate=security.tls_ca_file, key=security.tls_client_key)

    def security(self) -> Security:
        """As Dask takes them."""
        from distributed import Security

        return Security(
            require_encryption=True,
            tls_ca_file=self.certificate,
            **{f"tls_{role}_cert": self.certificate for role in ("client", "scheduler", "worker")},
            **{f"tls_{role}_key": self.key for role in ("client", "scheduler", "worker")},
        )


def need_dask() -> None:
    """Say it when the packages for a cluster are missing.

    Raises:
        UsageError: one is.
    """
    missing = [name for name in ("distributed", "cryptography") if find_spec(name) is None]
    if missing:
        raise UsageError(f"--cluster needs {' and '.join(missing)}: pip install 'perftui[cluster]'")


def quiet_dask() -> None:
    """Load Dask with these settings. What it would print is said by the run instead."""
    import dask

    dask.config.set(_SETTINGS)
    import distributed  # noqa: F401 - sets its logging up as it is loaded

    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"distributed", "tornado"}:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
