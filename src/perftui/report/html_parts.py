"""What pages are made of: the document, its head, sections, tables, tags. All text is escaped here or by who calls."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files

from perftui import __version__


def page(title: str, body: Sequence[str]) -> str:
    """A whole document. Its policy forbids scripts and every connection, whatever the content says."""
    style = files("perftui.report").joinpath("report.css").read_text(encoding="utf-8")
    content = "\n".join(part for part in body if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{content}\n"
        f"<footer class='quiet'>perftui {escape(__version__)}</footer>\n</body>\n</html>\n"
    )


def tag(text: str, tone: str = "") -> str:
    """A word in a frame; the tone (good, warn, bad) colours it."""
    return f"<span class='tag {tone}'>{escape(text)}</span>"


def head(title: str, *lines: str) -> str:
    """The head of a page; the lines are HTML already."""
    return f"<header><h1>{escape(title)}</h1>{''.join(f'<p>{line}</p>' for line in lines)}</header>"


def section(title: str, content: str) -> str:
    """A titled part of a page; nothing without content, which is HTML already."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, words: int = 0) -> str:
    """A table of cells that are HTML already: the first `left` and last `words` columns are text, others numbers."""
    if not rows:
        return ""
    numbers = range(left, len(titles) - words)
    classes = [" class='n'" if position in numbers else "" for position in range(len(titles))]
    head = "".join(f"<th{css}>{escape(title)}</th>" for title, css in zip(titles, classes, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{css}>{cell}</td>" for cell, css in zip(row, classes, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def bullets(lines: Sequence[str]) -> str:
    """Lines of text as a list; nothing without lines."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>" if lines else ""
