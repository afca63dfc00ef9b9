"""The options that say what one request is: of what is loaded, and of what is only probed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from perftui.cli.options import option
from perftui.model.errors import UsageError
from perftui.presets.one_request import RequestOverrides

METHOD = option("-m", "--method", metavar="NAME", help="Method of the request; POST when there is a body.")
body_option = partial(option, metavar="TEXT", help="Body of the request; @FILE takes it from a file.")
"""Its names are the command's: `-d` may mean more than a body."""
CONTENT = (
    option("--json", metavar="TEXT", help="The same as JSON, whatever it looks like."),
    option(
        "-T",
        "--content-type",
        metavar="TYPE",
        help="Type of the body; by default JSON where it is some, a file by its ending, else text.",
    ),
    option(
        "-H",
        "--header",
        "headers",
        multiple=True,
        metavar="K:V",
        help="Header of every request; repeatable. @FILE reads them from a file.",
    ),
)
"""What else it holds."""
INSECURE = option("-k", "--insecure", is_flag=True, help="Accept any certificate; the run says so.")


def request_overrides(
    method: str | None, body: str | None, json: str | None, content_type: str | None
) -> RequestOverrides:
    """What they change in the one request of a plan.

    Raises:
        UsageError: the file of the body is none.
    """
    text = body if json is None else json
    file = text[1:] if text is not None and text.startswith("@") else None
    if file is not None and not Path(file).is_file():
        what = "is no regular file" if Path(file).exists() else "there is no such file"
        raise UsageError(f"{'--json' if json is not None else '--body'} @{file}: {what}")
    return RequestOverrides(
        method=method,
        body=text if file is None else None,
        body_file=None if file is None else str(Path(file).absolute()),
        is_json=json is not None,
        content_type=content_type,
    )
