"""Machines that are logged in to: the command, and what its failure means to whoever has to mend it."""

from __future__ import annotations

from collections.abc import Sequence

from perftui.model.text import safe_text

CONNECT_S = 10
_SSH_FAILED = 255
_NOT_FOUND = frozenset({126, 127})
_SIGNS = (
    ("Host key verification failed", "its host key is not known here: log in once by hand and accept it"),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "its host key is another one than before: see to ~/.ssh/known_hosts"),
    ("Permission denied", "nobody can type a password here: have a key accepted there, or loaded into ssh-agent"),
    ("Could not resolve hostname", "check the name, or give it an address in ~/.ssh/config"),
    ("timed out", "check that it runs, and that a firewall lets SSH through"),
    ("Connection refused", "check that sshd runs there, and its port: write user@host:port"),
    ("No route to host", "check the network and the address"),
)
"""What ssh says, and what to do."""


def over_ssh(host: str, python: str, arguments: Sequence[str]) -> tuple[str, ...]:
    """The command that runs a module of Python on a host."""
    # no question can be answered: the screen is ours
    batch = ("-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_S}")
    return ("ssh", *batch, host, "--", python, *arguments)


def shown_host(host: str) -> str:
    """As one reads it. A URL's user would be taken for a secret."""
    return safe_text(host.removeprefix("ssh://"))


def why_ended(host: str, code: int, said: str) -> str:
    """Why a log-in, or what it was to start, ended at once.

    Args:
        host: as the user wrote it.
        code: of ssh; that of the program there where the log-in worked.
        said: its last line, made safe.
    """
    shown = shown_host(host)
    if code == _SSH_FAILED:
        what = next((what for sign, what in _SIGNS if sign in said), "try it by hand")
        return f"{shown}: ssh cannot log in: {said}; {what}"
    if code in _NOT_FOUND:
        return f"{shown}: {said}; name the Python that has perftui after the host: HOST /path/to/venv/bin/python"
    if "No module named" in said:
        return (
            f"{shown}: perftui is not installed for its Python, or is an old one ({said}): there, pip install "
            f"'perftui[cluster]', or name the Python that has it after the host"
        )
    return f"{shown}: it cannot be used: {said}"


def why_silent(host: str, port: int, waited_s: float) -> str:
    """Why a host that was logged in to has not come."""
    return (
        f"{shown_host(host)}: not there within {waited_s:.0f} s: it must reach port {port} of this machine, from where "
        "it was logged in to; a firewall may be in between"
    )
