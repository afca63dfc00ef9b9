"""Calls functions of the user's: coroutines on the worker's loop, plain functions in a thread of each caller's own."""

from __future__ import annotations

import asyncio
from itertools import count
from time import perf_counter_ns
from types import CoroutineType
from typing import Any

from perftui.engine.clients.copies import COPIES
from perftui.engine.clients.function_context import Context, fault_of, never_ran
from perftui.engine.clients.function_operation import Call, Request, Setups
from perftui.engine.clients.own_thread import OwnThread
from perftui.engine.clients.reply import Fault, Reply
from perftui.engine.clients.task_client import TaskClient
from perftui.engine.clients.thread_client import ThreadClient

_TURN_NS = 1_000_000
"""A coroutine that waits for nothing does not keep the loop from its other work for longer."""


class Caller:
    """One session: a context, and the states that it knows."""

    def __init__(self, number: int, seed: int) -> None:
        self.context = Context(number, None, f"{seed}/call/{number}")
        self.states: dict[Call, object] = {}
        self.thread: OwnThread | None = None
        """Of a plain function among coroutines."""
        self.turn_ends_ns = 0


class _Shared:
    """What the callers of one worker share."""

    def __init__(self) -> None:
        self.setups = Setups()
        self.numbers = count()
        self.calls = count()


class FunctionClient(TaskClient):
    """Callers on the loop, where at least one function is a coroutine."""

    def begin(self) -> None:
        """As TargetPool."""
        COPIES.watch(self.loop)
        self._shared = _Shared()

    async def open_session(self) -> Caller:
        """A caller with a number of its own."""
        return Caller(next(self._shared.numbers), self.plan.load.seed)

    async def exchange(self, session: Caller, request: Request) -> Reply:
        """One call."""
        call, params = request
        context = session.context
        if call not in session.states:
            session.states[call] = await self._shared.setups.state(call)
        context.prepare(session.states[call], params, next(self._shared.calls))
        ended_ns = 0
        try:
            if call.is_async:
                value = await call.function(context)
                ended_ns = perf_counter_ns()
            else:
                session.thread = session.thread or OwnThread(self.loop, f"caller {context.user}")
                value, ended_ns = await session.thread.run(lambda: call.function(context))
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            raise fault_of(error, call.folder) from error  # nobody has given up: the function says so itself
        except Exception as error:
            await asyncio.sleep(0)
            raise fault_of(error, call.folder) from error
        except BaseException as error:
            raise fault_of(error, call.folder) from error
        finally:
            if COPIES.is_one:
                COPIES.end()
        if type(value) is CoroutineType:
            raise never_ran(value)
        if ended_ns > session.turn_ends_ns:
            await asyncio.sleep(0)
            session.turn_ends_ns = perf_counter_ns() + _TURN_NS
        return Reply(value, parts=context.steps, ended_ns=ended_ns)

    async def close_session(self, session: Caller) -> None:
        """End its thread."""
        if session.thread is not None:
            session.thread.close()

    async def close(self) -> None:
        """End every session, then tear down what was set up."""
        await super().close()
        self.notes += await self._shared.setups.tear_down()


class FunctionThreads(ThreadClient):
    """Callers with a thread each, where all functions are plain ones."""

    def begin(self) -> None:
        """As TargetPool."""
        super().begin()
        COPIES.watch(self.loop)
        self._shared = _Shared()

    def open_session(self) -> Caller:
        """A caller with a number of its own."""
        return Caller(next(self._shared.numbers), self.plan.load.seed)

    def exchange(self, session: Caller, request: Request, lean: bool) -> Reply | None:  # noqa: FBT001 - as ThreadClient
        """One call."""
        call, params = request
        context = session.context
        if call not in session.states:
            asked = asyncio.run_coroutine_threadsafe(self._shared.setups.state(call), self.loop)
            session.states[call] = asked.result()
        context.prepare(session.states[call], params, next(self._shared.calls))
        try:
            value: Any = call.function(context)
        except Fault:
            raise
        except BaseException as error:
            raise fault_of(error, call.folder) from error
        finally:
            if COPIES.is_one:
                COPIES.end()
        if type(value) is CoroutineType:
            raise never_ran(value)
        return None if lean and not context.steps else Reply(value, parts=context.steps)

    async def close(self) -> None:
        """End every session, then tear down what was set up."""
        await super().close()
        self.notes += await self._shared.setups.tear_down()
