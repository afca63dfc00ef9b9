"""One real server of each kind for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import databases
from support.databases import Server


@pytest.fixture(scope="session")
def redis() -> Iterator[Server]:
    """Redis."""
    with databases.redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def memcached() -> Iterator[Server]:
    """Memcached."""
    with databases.memcached() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """PostgreSQL."""
    with databases.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    """MariaDB."""
    with databases.mariadb() as server:
        yield server
