"""The real event processor of an application in this process, without a browser: what is sent comes back as what was emitted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from reflex.app import _sio_dumps
from reflex.istate.manager.memory import StateManagerMemory
from reflex_base.event import Event
from reflex_base.event.processor import BaseStateEventProcessor

from erp_app.iam import sessions


@dataclass
class Recorder:
    """Stands where the socket stands: keeps every update that would have been sent to the browser."""

    updates: list[Any] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)

    async def emit_update(self, update: Any, token: str) -> None:  # noqa: ARG002 - the socket's signature
        self.updates.append(update)
        self.frames.append(_sio_dumps(update))  # as the socket writes it


@dataclass
class Answer:
    """What one event led to."""

    updates: list[Any]
    errors: list[Exception]
    frames: str

    @property
    def words(self) -> str:
        """All commands sent to the browser as text (toasts, scripts)."""
        return json.dumps([str(event) for update in self.updates for event in update.events])

    @property
    def changed(self) -> dict[str, Any]:
        """All vars sent to the browser, by short name."""
        return {name.removesuffix("_rx_state_"): value for update in self.updates for state in update.delta.values() for name, value in state.items()}


class Stage:
    """Sends events as a browser with a certain cookie would."""

    def __init__(self, processor: BaseStateEventProcessor, recorder: Recorder, errors: list[Exception]) -> None:
        self._processor, self._recorder, self._errors = processor, recorder, errors

    async def send(
        self,
        name: str,
        payload: dict[str, Any] | None = None,
        *,
        session: str = "",
        tab: str | None = None,
        path: str = "/",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one event and wait until it and everything it led to is done."""
        self._recorder.updates, self._recorder.frames, self._errors[:] = [], [], []
        cookie = f"{sessions.COOKIE}={session}" if session else ""
        router_data = {
            "pathname": path,
            "asPath": path,
            "query": {},
            "token": tab or "",
            "sid": "s",
            "ip": "127.0.0.1",
            "headers": {"cookie": cookie, "origin": "http://erp.example", "host": "erp.example", "asgi-scope-client": "127.0.0.1", **(headers or {})},
        }
        future = await self._processor.enqueue(tab or str(uuid.uuid4()), Event(name=name, payload=payload or {}, router_data=router_data))
        with contextlib.suppress(Exception):
            await future.wait_all()
        await asyncio.sleep(0.02)  # the processor reports an exception a moment after the event is over
        return Answer(list(self._recorder.updates), list(self._errors), " ".join(self._recorder.frames))


@contextlib.asynccontextmanager
async def on_stage(app: Any) -> AsyncIterator[Stage]:
    """Run an application's event processor, with its own middleware."""
    errors: list[Exception] = []
    recorder = Recorder()

    def remember(error: Exception) -> None:
        errors.append(error)

    processor = BaseStateEventProcessor(middleware=app, backend_exception_handler=remember)
    async with processor.configure(state_manager=StateManagerMemory(), event_namespace=recorder):
        with app.set_contexts():
            yield Stage(processor, recorder, errors)
