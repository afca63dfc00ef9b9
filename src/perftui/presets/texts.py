"""What texts of a preset must look like: URLs, paths, header names and values, names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from perftui.model.objectives import CHECK, METRICS, OBJECTIVE_METRICS, is_metric
from perftui.model.text import safe_text
from perftui.presets import drivers
from perftui.presets.json_path import JsonPath
from perftui.presets.patterns import compile_pattern
from perftui.presets.problems import nearest

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_OURS = {"content-length", "transfer-encoding", "connection"}
_ODATA = "all|batch|count|crossjoin|each|entity|filter|it|links|metadata|ref|root|value"
_FOREIGN = re.compile(
    r"\{\{\s*\$?([A-Za-z_][\w.-]*)\s*\}\}"  # Postman, .http files, Handlebars
    r"|(?<!\$)\{([A-Za-z_][\w.-]*)\}"  # OpenAPI
    rf"|(?<=/)\$(?!(?:{_ODATA})(?:$|[/?(]))([A-Za-z_]\w*)"  # shells; OData has words of its own
    r"|=\$([A-Za-z_]\w*)(?=$|&)"
)
"""Placeholders as other tools write them."""
RESERVED_VARIABLES = ("seq", "uuid", "now")
_AS_ESCAPES = "write / ? # in a user or a password as %2F %3F %23"


def url_problem(text: str) -> str:
    """What is wrong with a target's URL; empty when nothing is."""
    if not text:
        return "is empty; write it as http://HOST:PORT"
    if label_problem(text) or any(character.isspace() for character in text):
        return "a URL has no spaces, line ends or invisible characters; write a space as %20"
    if "://" not in text:
        return f'start with http:// or https://, such as "http://{text[:60]}"'
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "is no URL: check host and port"
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme[:12]}:// is not spoken; http:// or https://"
    if not parts.hostname:
        return "the host is missing"
    if port == 0:
        return "port 0 cannot be reached"
    if parts.username is not None or parts.password is not None:
        return "holds a password, which would be shown; it belongs to auth in the preset"
    if parts.fragment:
        return "a #fragment is never sent; leave it out"
    return ""


def target_problem(text: str) -> str:
    """What is wrong with a target's URL, of whatever protocol; empty when nothing is.

    Passwords stand in the URLs of databases; they are never shown or saved.
    """
    scheme, separator, _ = text.partition("://")
    if not separator or scheme.lower() in {"http", "https"}:
        return url_problem(text)
    if label_problem(text) or any(character.isspace() for character in text):
        return "a URL has no spaces, line ends or invisible characters"
    return drivers.url_problem(text) or _authority_problem(text)


def _authority_problem(text: str) -> str:
    """What is wrong with user, password, host and port. A slash in a password ends the host."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return f"its host and port cannot be read; {_AS_ESCAPES}"
    after = f"{parts.path}?{parts.query}#{parts.fragment}"
    if parts.scheme not in {"ws", "wss"} and ":" in parts.netloc and "@" not in parts.netloc and "@" in after:
        return f"has an @ behind its host; {_AS_ESCAPES}"
    return "port 0 cannot be reached" if port == 0 else ""


def inner_path_problem(text: str) -> str:
    """What is wrong with a path below a folder."""
    if label_problem(text):
        return label_problem(text)
    if ".." in text.split("/"):
        return "leads out of the target's folder; leave .. out"
    return ""


def function_problem(text: str) -> str:
    """What is wrong with the name of a Python function."""
    module, colon, name = text.partition(":")
    parts = [*module.split("."), *name.split(".")]
    if colon and all(part.isidentifier() for part in parts):
        return ""
    return "names no function; write it as module:function, such as shop_load:place_order"


def proxy_problem(text: str) -> str:
    """What is wrong with a forward proxy's URL; a user and a password in it are fine."""
    if not text.startswith("http://"):
        return "write it as http://HOST:PORT; no other kind of proxy is spoken"
    scheme, _, rest = text.partition("://")
    return url_problem(f"{scheme}://{rest.rpartition('@')[2]}")


def path_problem(text: str) -> str:
    """What is wrong with an operation's path."""
    if label_problem(text):
        return label_problem(text)
    if not text.startswith("/"):
        return f"must start with /, such as {'/' + text[:60]!r}; scheme and host belong to target.url"
    if found := _FOREIGN.search(text):
        name = next(group for group in found.groups() if group)
        return f"{found[0].lstrip('=')!r} would be sent as it is; did you mean ${{{name}}}? A real sign is %24 or %7B"
    if " " in text:
        return "holds a space; write it as %20"
    if "#" in text:
        return "a #fragment is never sent; leave it out"
    return ""


def response_header_problem(text: str) -> str:
    """What is wrong with the name of a header that is looked for in answers."""
    return "" if _TOKEN.fullmatch(text) else "is no header name"


def header_name_problem(text: str) -> str:
    """What is wrong with a header's name."""
    if not _TOKEN.fullmatch(text):
        return "is no header name"
    if text.lower() in _OURS:
        return "is set by perftui from the body and from target.keep_alive; leave it out"
    return ""


def header_value_problem(text: str) -> str:
    """What is wrong with a header's value."""
    if "\r" in text or "\n" in text or "\0" in text:
        return "holds a line end or NUL, which no header can"
    return "holds a control character, which no header can" if _CONTROL.search(text.replace("\t", " ")) else ""


def method_problem(text: str) -> str:
    """What is wrong with a method."""
    if not _TOKEN.fullmatch(text) or len(text) > 32:
        return "is no method; GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS"
    if text != text.upper():
        return f"methods are in capitals: {text.upper()}"
    return ""


def name_problem(text: str) -> str:
    """What is wrong with the name of a preset."""
    return "" if _NAME.fullmatch(text) else "a name has letters, digits, '.', '_' and '-' only, at most 64"


def label_problem(text: str) -> str:
    """What is wrong with a text of one line that is shown: a title, the name of an operation, journey or check."""
    return "holds a line end, a control or an invisible character" if safe_text(text, len(text) + 1) != text else ""


def description_problem(text: str) -> str:
    """What is wrong with a text of several lines that is shown."""
    hidden = any(label_problem(line) for line in text.replace("\t", " ").split("\n"))
    return "holds a control or an invisible character" if hidden else ""


def variable_problem(text: str) -> str:
    """What is wrong with the name of a captured value or a data file."""
    if text in RESERVED_VARIABLES:
        return f"${{{text}}} already means something; take another name"
    return "" if _VARIABLE.fullmatch(text) else "starts with a letter and has letters, digits, '_' and '-' only"


def json_path_problem(text: str) -> str:
    """What is wrong with a JSON path."""
    try:
        JsonPath.compile(text)
    except ValueError as error:
        return str(error)
    return ""


def file_problem(text: str) -> str:
    """What is wrong with the path of a file."""
    return "the path of a file is written as it is, without ${...}" if "${" in text else ""


def regex_problem(text: str) -> str:
    """What is wrong with a regular expression."""
    if "${" in text:
        return "a regular expression has no placeholders; a dollar sign before a brace is \\$"
    try:
        compile_pattern(text)
    except ValueError as error:
        return str(error)
    return ""


def objective_metric_problem(text: str) -> str:
    """What is wrong with the name of an objective's metric."""
    if is_metric(text):
        return ""
    such = f"; such as response_time.p95, error_rate, target.memory or {CHECK}NAME"
    guess = _of_response_time(text) or nearest(text, OBJECTIVE_METRICS) or such
    return f"{text[:60]!r} is not a metric{guess}"


def metric_problem(text: str) -> str:
    """What is wrong with the name of a metric that follows from requests alone."""
    if text in METRICS:
        return ""
    guess = _of_response_time(text) or nearest(text, METRICS) or "; such as response_time.p95 or error_rate"
    return f"{text[:60]!r} is not a metric{guess}"


def _of_response_time(text: str) -> str:
    """`p95` alone is what people call that of the response times."""
    whole = f"response_time.{text}"
    return f"; did you mean {whole!r}?" if whole in METRICS else ""
