"""The demo service's page: /page with a stylesheet, a script, an icon, images, and one image that is slow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

if TYPE_CHECKING:
    from perftui.demo.database import Database

SLOW_MS = 150
_ITEMS = 12
_PICTURES = 4
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>perftui demo shop</title>
<link rel="icon" href="/page/icon.svg"><link rel="stylesheet" href="/page/style.css">
<script src="/page/shop.js" defer></script></head>
<body><h1>The shop</h1><img src="/page/banner.svg" alt="banner" width="640" height="80">
"""
_STYLE = """body { font: 16px/1.5 sans-serif; margin: 2rem auto; max-width: 60rem; color: #223; }
ul { columns: 2; } li img { vertical-align: middle; margin-right: .5rem; } h1 { color: #046; }
"""
_SCRIPT = """document.addEventListener("DOMContentLoaded", () => {
  const items = document.querySelectorAll("li");
  document.querySelector("h1").textContent += ` (${items.length} things)`;
});
"""
_COLOURS = ("#046", "#690", "#b40", "#728", "#088")


class Page:
    """The page and what it names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def document(self, _: Request) -> Response:
        """The page itself, with the first items of the shop."""
        rows = "".join(
            f'<li><img src="/page/thing-{number % _PICTURES}.svg" alt="" width="32" height="32">'
            f"{_escaped(item['name'])}</li>\n"
            for number, item in enumerate(self._database.page(1, _ITEMS))
        )
        return HTMLResponse(f"{_HEAD}<ul>{rows}</ul></body></html>\n")

    async def part(self, request: Request) -> Response:
        """A part of it, by its name."""
        name = request.path_params["name"]
        if name == "style.css":
            return Response(_STYLE, media_type="text/css")
        if name == "shop.js":
            return Response(_SCRIPT, media_type="text/javascript")
        if name == "banner.svg":
            await asyncio.sleep(SLOW_MS / 1000)
            return _picture(640, 80, 0)
        if name == "icon.svg":
            return _picture(16, 16, 1)
        number = name.removeprefix("thing-").removesuffix(".svg")
        if name == f"thing-{number}.svg" and number in {str(each) for each in range(_PICTURES)}:
            return _picture(32, 32, int(number))
        return Response("no such part", status_code=404)


def _picture(width: int, height: int, colour: int) -> Response:
    shape = f'<rect width="{width}" height="{height}" rx="4" fill="{_COLOURS[colour % len(_COLOURS)]}"/>'
    text = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{shape}</svg>'
    return Response(text, media_type="image/svg+xml")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
