"""Options of curl: which take a value, which short one stands for which long one, and what perftui does not do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from perftui.model.errors import UsageError
from perftui.model.text import safe_text


class Option(NamedTuple):
    """One option of a command, or its URL."""

    name: str
    """Long, with its dashes; empty: a URL."""
    value: str = ""


_SHORT = {
    "-X": "--request", "-H": "--header", "-d": "--data", "-F": "--form", "-u": "--user", "-b": "--cookie",
    "-A": "--user-agent", "-e": "--referer", "-x": "--proxy", "-m": "--max-time", "-o": "--output", "-E": "--cert",
    "-w": "--write-out", "-T": "--upload-file", "-c": "--cookie-jar", "-D": "--dump-header", "-r": "--range",
    "-k": "--insecure", "-G": "--get", "-I": "--head", "-L": "--location", "-K": "--config", "-U": "--proxy-user",
    "-n": "--netrc", "-0": "--http1.0", "-C": "--continue-at", "-y": "--speed-time", "-Y": "--speed-limit",
    "-z": "--time-cond", "-P": "--ftp-port", "-Q": "--quote", "-t": "--telnet-option", "-h": "--help",
}  # fmt: skip
_WITH_VALUE = {
    "--request", "--header", "--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode",
    "--json", "--form", "--form-string", "--user", "--cookie", "--user-agent", "--referer", "--proxy",
    "--max-time", "--output", "--cert", "--write-out", "--upload-file", "--cookie-jar", "--dump-header",
    "--range", "--url", "--url-query", "--key", "--cacert", "--capath", "--unix-socket", "--abstract-unix-socket",
    "--oauth2-bearer", "--connect-timeout", "--retry", "--retry-delay", "--retry-max-time", "--resolve",
    "--connect-to", "--proxy-user", "--proxy-header", "--max-redirs", "--interface", "--limit-rate", "--ciphers",
    "--tls13-ciphers", "--curves", "--tls-max", "--cert-type", "--key-type", "--pass", "--pinnedpubkey",
    "--crlfile", "--config", "--aws-sigv4", "--noproxy", "--keepalive-time", "--keepalive-cnt", "--local-port",
    "--dns-servers", "--dns-interface", "--doh-url", "--max-filesize", "--output-dir", "--request-target",
    "--socks4", "--socks4a", "--socks5", "--socks5-hostname", "--preproxy", "--proto", "--proto-default",
    "--proto-redir", "--netrc-file", "--variable", "--stderr", "--trace", "--trace-ascii", "--rate",
    "--continue-at", "--speed-time", "--speed-limit", "--time-cond", "--ftp-port", "--quote", "--telnet-option",
    "--etag-save", "--etag-compare", "--expect100-timeout", "--happy-eyeballs-timeout-ms", "--alt-svc", "--hsts",
    "--parallel-max", "--create-file-mode", "--libcurl",
}  # fmt: skip
NOT_DONE = {
    "--ntlm", "--ntlm-wb", "--negotiate", "--anyauth", "--aws-sigv4", "--http1.0", "--http2",
    "--http2-prior-knowledge", "--http3", "--http3-only", "--resolve", "--connect-to", "--interface",
    "--local-port", "--limit-rate", "--config", "--netrc", "--netrc-file", "--retry", "--request-target",
    "--socks4", "--socks4a", "--socks5", "--socks5-hostname", "--preproxy", "--proxy-header",
    "--abstract-unix-socket", "--capath", "--pass", "--continue-at",
    "--time-cond", "--rate", "--variable",
}  # fmt: skip
"""Options that change what is sent or expected, and have nothing like them in a preset."""


def read_options(words: list[str]) -> Iterator[Option]:
    """The options of a command, in their order.

    Raises:
        UsageError: the last one lacks its value.
    """
    remaining = iter(words)
    for word in remaining:
        if not word.startswith("-") or word == "-":
            yield Option("", word)
        elif word.startswith("--"):
            yield Option(word, _next(remaining, word) if word in _WITH_VALUE else "")
        else:
            yield from _together(word, remaining)


def _together(word: str, remaining: Iterator[str]) -> Iterator[Option]:
    """Options of one letter, which may stand together: -sSLX POST."""
    for position, letter in enumerate(word[1:], 2):
        name = _SHORT.get(f"-{letter}", f"-{letter}")
        if name in _WITH_VALUE:
            yield Option(name, word[position:] or _next(remaining, f"-{letter}"))
            return
        yield Option(name)


def _next(remaining: Iterator[str], option: str) -> str:
    value = next(remaining, None)
    if value is None:
        raise UsageError(f"the curl command ends after {safe_text(option, 40)}, which needs a value")
    return value
