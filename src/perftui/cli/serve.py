"""`perftui serve`: the same screens in a browser."""

from __future__ import annotations

import errno
from importlib.util import find_spec

import click


@click.command(short_help="The same screens in a browser; whoever has the address may look.")
@click.option("--port", type=click.IntRange(0, 65535), default=8400, show_default=True, help="0: a free one.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
    help="Listen where others reach it, too; the connection is not encrypted.",
)  # fmt: skip
@click.option(
    "--may-change", is_flag=True, help="Visitors may start, steer, save and delete; otherwise they only look."
)
def serve(*, port: int, host: str, may_change: bool) -> int:
    """Show the app in a browser at the address that is printed, until Ctrl-C.

    The address holds a key; without it nobody comes in. From another machine, a tunnel is safer than --host:
    ssh -L 8400:127.0.0.1:8400 HOST
    """
    from perftui.cli.failures import tell
    from perftui.cli.output import write_output
    from perftui.model.errors import UsageError
    from perftui.model.text import safe_text

    if find_spec("textual_serve") is None:
        raise UsageError("perftui serve needs textual-serve: pip install 'perftui[serve]'")
    from perftui.tui.web.guard import is_loopback
    from perftui.tui.web.server import WebServer
    from perftui.tui.web.server import serve as serve_until_told

    def says(url: str) -> None:
        write_output(url, None)
        tell(f"{'visitors may start, steer and delete' if may_change else 'read-only'}; Ctrl-C ends it")
        if not is_loopback(host):
            tell("others can reach it, and the connection is not encrypted: the key and all that is seen can be read")

    try:
        serve_until_told(WebServer(host, port, may_change=may_change), says)
    except (OSError, UnicodeError) as error:
        why = safe_text(getattr(error, "strerror", None) or str(error))
        is_taken = getattr(error, "errno", None) in {errno.EADDRINUSE, errno.EACCES}
        hint = "choose another with --port" if is_taken else "--host is a name or an address of this machine"
        raise UsageError(f"cannot listen on {safe_text(host)}:{port}: {why}; {hint}") from error
    return 0
