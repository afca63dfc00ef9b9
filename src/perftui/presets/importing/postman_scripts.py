"""Scripts of Postman: the simple tests and kept values in them, and whether there is more."""

from __future__ import annotations

import re
from typing import Any

from perftui.presets import texts
from perftui.presets.importing.found import literal

_MOST_CHARACTERS = 100_000
_NAME = r"""\(\s*["']([^"'\\]{1,200})["']\s*"""
_PATH = r"""((?:\.[A-Za-z_$][\w$]*|\[\d+\]|\[["'][^"'\]\\]+["']\])*)"""
_BODY = r"(?:pm\.response\.json\(\)|JSON\.parse\(responseBody\)|JSON\.parse\(pm\.response\.text\(\)\)|\b{})"
_ASSIGNED = re.compile(
    r"(?:(?:var|let|const)\s+)?([A-Za-z_$][\w$]*)\s*=\s*(?:pm\.response\.json\(\)|JSON\.parse\((?:responseBody|pm\.response\.text\(\))\))\s*;?"
)
_SET = (
    r"(?:pm\.(?:environment|collectionVariables|globals|variables)\.set"
    r"|postman\.set(?:Environment|Global)Variable)"
)
_KEPT_HEADER = re.compile(
    _SET
    + _NAME
    + r""",\s*(?:pm\.response\.headers\.get|postman\.getResponseHeader)\(\s*["']([\w-]{1,100})["']\s*\)\s*\)\s*;?"""
)
_KEPT_COOKIE = re.compile(_SET + _NAME + r""",\s*pm\.cookies\.get\(\s*["']([\w-]{1,100})["']\s*\)\s*\)\s*;?""")
_STATUSES = (
    re.compile(r"pm\.response\.to\.have\.status\(\s*(\d{3})\s*\)\s*;?"),
    re.compile(
        r"pm\.expect\(\s*pm\.response\.code\s*\)\.to\.(?:be\.)?(?:equal|eql|eq|deep\.equal)\(\s*(\d{3})\s*\)\s*;?"
    ),
    re.compile(r"pm\.expect\(\s*pm\.response\.code\s*\)\.to\.be\.oneOf\(\s*\[([\d,\s]{3,200})\]\s*\)\s*;?"),
    re.compile(r"tests\[[^\]]{1,200}\]\s*=\s*responseCode\.code\s*={2,3}\s*(\d{3})\s*;?"),
)
_OK = re.compile(r"pm\.response\.to\.be\.ok\b\s*;?")
_TIME = re.compile(
    r"pm\.expect\(\s*pm\.response\.responseTime\s*\)\.to\.be\.(?:below|lessThan)\(\s*(\d{1,7})\s*\)\s*;?"
)
_HEADER = re.compile(
    r"""pm\.response\.to\.have\.header\(\s*["']([\w-]{1,100})["']\s*(?:,\s*["']([^"'\\]*)["']\s*)?\)\s*;?"""
)
_TEXT = re.compile(
    r"""pm\.expect\(\s*pm\.response\.text\(\)\s*\)\.to\.(?:include|contain)\(\s*["']([^"'\\]+)["']\s*\)\s*;?"""
)
_HARMLESS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|pm\.test\(\s*(?:"[^"\n]*"|'[^'\n]*'|`[^`\n]*`)\s*,\s*"""
    r"""(?:function\s*\(\s*\w*\s*\)|\(\s*\w*\s*\)\s*=>)\s*\{|\}\s*\)?"""
    r"""|console\.log\([^;\n]{0,300}\)|["']use strict["']|;|\s+""",
    re.DOTALL,
)


class Script:
    """What a test script says that a preset can say as well."""

    def __init__(self, text: str) -> None:
        self.statuses: list[int] = []
        self.checks: list[dict[str, Any]] = []
        self.kept: dict[str, dict[str, str]] = {}
        """Names of variables, and where their values come from."""
        rest = self._read(text[:_MOST_CHARACTERS])
        self.has_more = bool(_HARMLESS.sub("", rest)) or len(text) > _MOST_CHARACTERS

    def _read(self, text: str) -> str:
        """Take out what is understood; returns the rest."""
        names = sorted({match[1] for match in _ASSIGNED.finditer(text)})
        text = _ASSIGNED.sub("", text)
        body = _BODY.format(f"(?:{'|'.join(map(re.escape, names))})\\b" if names else "(?!)")
        kept = re.compile(rf"{_SET}{_NAME},\s*{body}{_PATH}\s*\)\s*;?")
        equals = re.compile(
            rf"""pm\.expect\(\s*{body}{_PATH}\s*\)\.to\.(?:be\.)?(?:equal|eql|eq|deep\.equal)\(\s*"""
            r"""(?:"([^"\\]*)"|'([^'\\]*)'|(-?\d{1,15}(?:\.\d{1,9})?)|(true|false))\s*\)\s*;?"""
        )
        text = kept.sub(lambda found: self._keep(found[1], {"json": f"${found[2]}"}), text)
        text = _KEPT_HEADER.sub(lambda found: self._keep(found[1], {"header": found[2]}), text)
        text = _KEPT_COOKIE.sub(lambda found: self._keep(found[1], {"cookie": found[2]}), text)
        for pattern in _STATUSES:
            text = pattern.sub(self._status, text)
        text = _OK.sub(self._fine, text)
        text = _TIME.sub(
            lambda found: self._check({"max_time": f"{int(found[1])}ms"}) if int(found[1]) else found[0], text
        )
        text = _HEADER.sub(self._header, text)
        text = _TEXT.sub(lambda found: self._check({"contains": literal(found[1])}), text)
        return equals.sub(self._equals, text)

    def _keep(self, name: str, source: dict[str, str]) -> str:
        self.kept[name] = source
        return ""

    def _status(self, found: re.Match[str]) -> str:
        self.statuses += [int(code) for code in re.findall(r"\d+", found[1]) if 100 <= int(code) <= 599]
        return ""

    def _fine(self, _found: re.Match[str]) -> str:
        self.statuses.append(200)
        return ""

    def _check(self, check: dict[str, Any]) -> str:
        self.checks.append(check)
        return ""

    def _header(self, found: re.Match[str]) -> str:
        return self._check({"header": found[1]} | ({} if found[2] is None else {"equals": literal(found[2])}))

    def _equals(self, found: re.Match[str]) -> str:
        path = f"${found[1]}"
        if texts.json_path_problem(path):
            return found[0]
        value: str | float | bool
        if found[4] is not None:
            value = float(found[4]) if "." in found[4] else int(found[4])
        elif found[5] is not None:
            value = found[5] == "true"
        else:
            value = literal(found[2] if found[2] is not None else found[3])
        return self._check({"json": path, "equals": value})
