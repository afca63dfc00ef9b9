"""Dialogs: arrows and letters work, and nothing is cancelled without a word."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import Input, Static

from perftui.tui.app import PerftuiApp
from perftui.tui.screens.confirm import ConfirmScreen
from perftui.tui.screens.home import HomeScreen
from perftui.tui.screens.question import Question
from support.pilot import screen_of, still, until

pytestmark = pytest.mark.anyio
Make = Callable[..., PerftuiApp]


async def test_arrows_and_letters_answer_a_question(app: Make) -> None:
    made = app()
    answers: list[bool | None] = []
    async with made.run_test() as pilot:
        for keys, answer in (
            (("enter",), False),
            (("left", "enter"), True),
            (("right", "enter"), True),
            (("down", "up", "enter"), False),
            (("d",), True),
            (("g",), False),
            (("y",), True),
            (("escape",), False),
        ):
            made.push_screen(Question("Delete it?", "It is gone then.", "delete", "go on"), answers.append)
            await screen_of(pilot, Question)
            await pilot.press(*keys)
            await until(pilot, lambda: bool(answers))
            assert answers.pop() is answer, keys


async def test_enter_on_a_writing_preset_says_that_nothing_was_sent(app: Make) -> None:
    made = app(preset="write", url="http://127.0.0.1:9")
    said: list[str] = []
    async with made.run_test() as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None)
        made.notify = lambda message, **_: said.append(message)  # type: ignore[method-assign]  # a spy
        await pilot.press("enter")
        dialog = await screen_of(pilot, ConfirmScreen)
        await until(pilot, lambda: dialog._report is not None)
        assert "Enter cancels" in str(dialog.query_one("#warnings", Static).content)
        await pilot.press("enter")
        await screen_of(pilot, HomeScreen)
        assert said == ["Cancelled: nothing was sent"]


async def test_a_url_with_a_path_shows_its_request_and_does_not_carry_over(app: Make) -> None:
    made = app(preset="read", url="http://127.0.0.1:9/orders?open=1")
    async with made.run_test(size=(120, 36)) as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None and home.form.entry.name == "read")
        await still(pilot)
        details = home.form.query_one("#details", Static)
        assert "/orders?open=1" in str(details.content)
        assert "/api/items" not in str(details.content)
        await pilot.press("enter")
        dialog = await screen_of(pilot, ConfirmScreen)
        assert "GET /orders?open=1" in str(dialog.query_one("#requests", Static).content)
        await pilot.press("escape")
        await screen_of(pilot, HomeScreen)
        await pilot.press("down")
        await until(pilot, lambda: home.form.entry is not None and home.form.entry.name != "read")
        assert home.form.query_one("#url", Input).value == "http://127.0.0.1:9"
        assert "/orders" not in str(details.content)
