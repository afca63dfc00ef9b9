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
    "a": "--append", "E": "--cert", "K": "--config", "C": "--continue-at", "b": "--cookie", "c": "--cookie-jar",
    "d": "--data", "q": "--disable", "D": "--dump-header", "f": "--fail", "F": "--form", "P": "--ftp-port",
    "G": "--get", "g": "--globoff", "I": "--head", "H": "--header", "h": "--help", "0": "--http1.0",
    "i": "--include", "k": "--insecure", "4": "--ipv4", "6": "--ipv6", "j": "--junk-session-cookies",
    "l": "--list-only", "L": "--location", "M": "--manual", "m": "--max-time", "n": "--netrc", ":": "--next",
    "N": "--no-buffer", "o": "--output", "Z": "--parallel", "#": "--progress-bar", "x": "--proxy",
    "U": "--proxy-user", "p": "--proxytunnel", "Q": "--quote", "r": "--range", "e": "--referer",
    "J": "--remote-header-name", "O": "--remote-name", "R": "--remote-time", "X": "--request", "S": "--show-error",
    "s": "--silent", "Y": "--speed-limit", "y": "--speed-time", "2": "--sslv2", "3": "--sslv3",
    "t": "--telnet-option", "z": "--time-cond", "1": "--tlsv1", "T": "--upload-file", "B": "--use-ascii",
    "u": "--user", "A": "--user-agent", "v": "--verbose", "V": "--version", "w": "--write-out",
}  # fmt: skip
_DONE_WITH_VALUE = {
    "--request", "--header", "--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode", "--json",
    "--form", "--form-string", "--user", "--cookie", "--user-agent", "--referer", "--proxy", "--max-time", "--cert",
    "--upload-file", "--range", "--url", "--url-query", "--key", "--cacert", "--unix-socket", "--oauth2-bearer",
    "--proxy-user", "--request-target",
}  # fmt: skip
_DONE = {
    "--get", "--head", "--digest", "--basic", "--insecure", "--location", "--location-trusted", "--compressed",
    "--globoff", "--path-as-is", "--http1.1", "--no-keepalive", "--next",
}  # fmt: skip
_NOT_DONE_WITH_VALUE = {
    "--abstract-unix-socket", "--aws-sigv4", "--capath", "--config", "--connect-to", "--continue-at", "--etag-compare",
    "--interface", "--limit-rate", "--local-port", "--login-options", "--netrc-file", "--noproxy", "--pass",
    "--preproxy", "--proxy-header", "--proxy1.0", "--quote", "--rate", "--resolve", "--retry", "--sasl-authzid",
    "--socks4", "--socks4a", "--socks5", "--socks5-hostname", "--time-cond", "--tlsuser", "--tlspassword",
    "--proxy-cert", "--proxy-key", "--variable", "--expand-url", "--expand-data", "--expand-header", "--ipfs-gateway",
    "--ech", "--expand-json", "--expand-user", "--telnet-option", "--tls-max", "--ciphers", "--tls13-ciphers",
    "--curves", "--pinnedpubkey", "--connect-timeout", "--doh-url", "--dns-servers",
}  # fmt: skip
_NOT_DONE = {
    "--anyauth", "--append", "--crlf", "--form-escape", "--haproxy-protocol", "--http0.9", "--http1.0", "--http2",
    "--http2-prior-knowledge", "--http3", "--http3-only", "--negotiate", "--netrc", "--netrc-optional", "--ntlm",
    "--ntlm-wb", "--proxytunnel", "--proxy-digest", "--proxy-ntlm", "--proxy-negotiate", "--proxy-anyauth",
    "--tr-encoding", "--use-ascii", "--sslv2", "--sslv3", "--tlsv1", "--tlsv1.0", "--tlsv1.1", "--tlsv1.2",
    "--tlsv1.3",
}  # fmt: skip
NOT_DONE = _NOT_DONE | _NOT_DONE_WITH_VALUE
"""Options that change what is sent or expected, and have nothing like them in a preset."""
_ABOUT_CURL_WITH_VALUE = {
    "--alt-svc", "--cert-type", "--cookie-jar", "--create-file-mode", "--crlfile", "--delegation", "--dns-interface",
    "--dns-ipv4-addr", "--dns-ipv6-addr", "--dump-header", "--egd-file", "--engine", "--etag-save",
    "--expect100-timeout", "--ftp-account", "--ftp-alternative-to-user", "--ftp-method", "--ftp-port",
    "--ftp-ssl-ccc-mode", "--happy-eyeballs-timeout-ms", "--help", "--hostpubmd5", "--hostpubsha256", "--hsts",
    "--keepalive-time", "--keepalive-cnt", "--key-type", "--krb", "--libcurl", "--mail-auth", "--mail-from",
    "--mail-rcpt", "--max-filesize", "--max-redirs", "--output", "--output-dir", "--parallel-max", "--proto",
    "--proto-default", "--proto-redir", "--proxy-cacert", "--proxy-capath", "--proxy-cert-type", "--proxy-ciphers",
    "--proxy-crlfile", "--proxy-key-type", "--proxy-pass", "--proxy-pinnedpubkey", "--proxy-service-name",
    "--proxy-tls13-ciphers", "--proxy-tlsauthtype", "--proxy-tlspassword", "--proxy-tlsuser", "--pubkey",
    "--random-file", "--retry-delay", "--retry-max-time", "--service-name", "--socks5-gssapi-service",
    "--speed-limit", "--speed-time", "--stderr", "--tftp-blksize", "--tlsauthtype", "--trace", "--trace-ascii",
    "--trace-config", "--write-out",
}  # fmt: skip
_ABOUT_CURL = {
    "--cert-status", "--compressed-ssh", "--create-dirs", "--disable", "--disallow-username-in-url", "--fail",
    "--fail-early", "--fail-with-body", "--false-start", "--ignore-content-length", "--include", "--ipv4", "--ipv6",
    "--junk-session-cookies", "--list-only", "--manual", "--no-alpn", "--no-buffer", "--no-clobber", "--no-npn",
    "--no-progress-meter", "--no-sessionid", "--parallel", "--parallel-immediate", "--post301", "--post302",
    "--post303", "--progress-bar", "--proxy-basic", "--proxy-insecure", "--raw", "--remote-header-name",
    "--remote-name", "--remote-name-all", "--remote-time", "--remove-on-error", "--retry-all-errors",
    "--retry-connrefused", "--show-error", "--silent", "--ssl", "--ssl-allow-beast", "--ssl-no-revoke", "--ssl-reqd",
    "--styled-output", "--no-styled-output", "--suppress-connect-headers", "--tcp-fastopen", "--tcp-nodelay",
    "--trace-time", "--trace-ids", "--verbose", "--version", "--xattr",
    "--no-location", "--no-include", "--no-silent", "--no-fail", "--no-verbose", "--no-compressed", "--no-insecure",
    "--skip-existing",
}  # fmt: skip
_WITH_VALUE = _DONE_WITH_VALUE | _NOT_DONE_WITH_VALUE | _ABOUT_CURL_WITH_VALUE
KNOWN = _WITH_VALUE | _DONE | _NOT_DONE | _ABOUT_CURL
"""Every option whose meaning is known; of others it is not known whether they take a value."""


def read_options(words: list[str]) -> Iterator[Option]:
    """The options of a command, in their order.

    Raises:
        UsageError: the last one lacks its value.
    """
    remaining = iter(words)
    only_urls = False
    for word in remaining:
        if only_urls or not word.startswith("-") or word == "-":
            yield Option("", word)
        elif word == "--":
            only_urls = True
        elif word.startswith("--"):
            name = _whole_name(word)
            yield Option(name, _next(remaining, name) if name in _WITH_VALUE else "")
        else:
            yield from _together(word, remaining)


def _whole_name(word: str) -> str:
    """The option that a word means: curl takes the beginning of a name when it is that of one only."""
    if word in KNOWN:
        return word
    meant = [name for name in KNOWN if name.startswith(word)]
    return meant[0] if len(meant) == 1 else word


def _together(word: str, remaining: Iterator[str]) -> Iterator[Option]:
    """Options of one letter, which may stand together: -sSLX POST."""
    for position, letter in enumerate(word[1:], 2):
        name = _SHORT.get(letter, f"-{letter}")
        if name in _WITH_VALUE:
            yield Option(name, word[position:] or _next(remaining, f"-{letter}"))
            return
        yield Option(name)


def _next(remaining: Iterator[str], option: str) -> str:
    value = next(remaining, None)
    if value is None:
        raise UsageError(f"the curl command ends after {safe_text(option, 40)}, which needs a value")
    return value
