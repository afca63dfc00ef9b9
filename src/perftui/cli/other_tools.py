"""Options of other load testers that are not ours: each gets the words for what it did there.

Go programs write long options with one dash. Read letter by letter, `-disable-keepalive` would be a body, silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import click

from perftui.cli.patient import PatientCommand
from perftui.model.errors import UsageError
from perftui.model.text import safe_text

_ALWAYS = "percentiles are always measured: leave it out"
_KEEP_ALIVE = "write --set target.keep_alive=false"
_PROXY = "write --set target.proxy=http://HOST:PORT"
_HTTP_1 = "requests are HTTP/1.1: leave it out"
_SCRIPT = "what a script does is said by a preset: perftui presets new, or perftui presets import FILE"
_BASIC = "write --set target.auth.basic.user=NAME --set 'target.auth.basic.password=${env:PASSWORD}'"
_STAGES = "write --set 'load.stages=[{duration=\"30s\", to=50}]'"

ELSEWHERE = {
    "-a": _BASIC,
    "-A": "write -H 'Accept: TYPE'",
    "-D": "write -d @FILE",
    "-f": _SCRIPT,
    "-i": "write -n",
    "-L": f"{_ALWAYS}; redirects are followed with --redirects N",
    "-r": "redirects are followed with --redirects N, as fast as can be is without -q",
    "-R": "write -q",
    "-s": _SCRIPT,
    "-t": "threads in wrk, the timeout in oha and hey: write --workers or --timeout",
    "-u": "write -c",
    "-x": _PROXY,
    "-X": "write -m",
    "--concurrency": "write -c",
    "--cpus": "write --workers",
    "--csv": "write -o FILE.csv",
    "--data": "write -d",
    "--disable-compression": "no compression is asked for, unless a header does: leave it out",
    "--disable-keep-alive": _KEEP_ALIVE,
    "--disable-keepalive": _KEEP_ALIVE,
    "--disable-redirects": "redirects are only followed with --redirects N: leave it out",
    "--h2": _HTTP_1,
    "--host": "write the URL, or -H 'Host: NAME' for another name",
    "--html": "write -o FILE.html",
    "--http-version": _HTTP_1,
    "--http2": _HTTP_1,
    "--iterations": "write -n",
    "--latency": _ALWAYS,
    "--latency-correction": "with -q response times count from when a request was due, always: leave it out",
    "--no-tui": "write --headless",
    "--num-requests": "write -n",
    "--out": "write -o FILE; its ending says the form",
    "--output-format": "write --format",
    "--proxy": _PROXY,
    "--qps": "write -q",
    "--request": "write -m",
    "--requests": "write -n",
    "--run-time": "write -z",
    "--script": _SCRIPT,
    "--spawn-rate": _STAGES,
    "--stage": _STAGES,
    "--summary-export": "write -o FILE.json",
    "--threads": "write --workers",
    "--u_latency": _ALWAYS,
    "--unix-socket": "write --set target.unix_socket=PATH",
    "--vus": "write -c",
}
"""What to write here, by option as it is typed there."""
_ONE_DASH = re.compile(r"-([a-z][a-z0-9-]+)(?:=.*)?", re.DOTALL)


class LoadCommand(PatientCommand):
    """A command whose options people know from other tools."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options, those of other tools as what they mean there.

        Raises:
            UsageError: with a line for each mistake.
        """
        if mistakes := list(self._with_one_dash(args)):
            raise UsageError(*mistakes, f"try: {ctx.command_path} --help")
        return super().parse_args(ctx, args)

    def told(self, error: click.UsageError) -> str:
        """What is wrong, and what another tool's option is called here."""
        if isinstance(error, click.NoSuchOption) and error.option_name in ELSEWHERE:
            return f"no such option {error.option_name!r}: {ELSEWHERE[error.option_name]}"
        if isinstance(error, click.BadOptionUsage) and error.option_name == "--json":
            return f"{super().told(error).rstrip('.')}, the body; JSON as the result is --format json"
        return super().told(error)

    def _with_one_dash(self, args: Sequence[str]) -> Iterator[str]:
        """What is wrong with each `-name` that is an option of several letters here or elsewhere."""
        own = {name: one for one in self.params if isinstance(one, click.Option) for name in one.opts}
        takes_next = {name for name, one in own.items() if not one.is_flag}
        before = ""
        for word in args:
            if before == "--":
                return
            match = None if before in takes_next else _ONE_DASH.fullmatch(word)
            name = f"--{match[1]}" if match else ""
            if name in own:
                yield f"{safe_text(word, 80)}: an option of several letters has two dashes: write {name}"
            elif name in ELSEWHERE:
                yield f"no such option '-{name[2:]}': {ELSEWHERE[name]}"
            before = word
