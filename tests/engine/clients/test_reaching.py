"""What is said of a target that takes no connection."""

from __future__ import annotations

import socket

import anyio
import pytest

from perftui.engine.clients.reaching import check_reachable
from perftui.model.errors import UnreachableError
from perftui.model.plan import Target


def test_an_address_that_is_none_is_told_in_the_words_of_the_look_up() -> None:
    """Its number is none of the system's errors: "Unknown error -2" says nothing."""
    with pytest.raises(socket.gaierror) as looked_up:
        socket.getaddrinfo("::1%25lo", 80)
    with pytest.raises(UnreachableError) as error:
        anyio.run(check_reachable, Target(url="http://[::1%25lo]"), (("::1%25lo", 80),))
    assert str(error.value) == f"http://[::1%25lo]: cannot be reached: {looked_up.value.strerror}"
