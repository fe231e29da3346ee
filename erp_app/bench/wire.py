"""A browser tab as the server sees it: one websocket that speaks just enough Engine.IO and Socket.IO, at next to no cost.

Two hundred real browsers would measure themselves. This client is the same for our server and for the reference.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

NAMESPACE = "/_event"
HYDRATE = {"name": "reflex___state____state.hydrate", "payload": {}, "router_data": {"pathname": "/", "asPath": "/"}}
_TEXT, _CLOSE, _PING, _PONG, _CONTINUED = 0x1, 0x8, 0x9, 0xA, 0x0
_SHORT, _MEDIUM = 126, 127


class Tab:
    """One open tab. `heard` is called with (moment, text) of every Socket.IO message."""

    def __init__(self, port: int, *, cookie: str = "", path: str = "/") -> None:
        self.port, self.cookie, self.path = port, cookie, path
        self.heard: Callable[[float, str], None] = lambda _moment, _text: None
        self.echoes = 0
        self._waiting: list[tuple[Callable[[str], bool], asyncio.Future[str]]] = []
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, join the namespace and hydrate, as the page does at its start."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET /_event/?token={quote(os.urandom(16).hex())}&EIO=4&transport=websocket HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Upgrade: websocket",
            "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *([f"Cookie: {self.cookie}"] if self.cookie else []),
        ]  # fmt: skip
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer.split(b"\r\n", 1)[0]:
            raise ConnectionError(answer.split(b"\r\n", 1)[0].decode())
        self._task = asyncio.get_running_loop().create_task(self._listen())
        await self.until(lambda text: text.startswith(f"40{NAMESPACE}"))

    async def close(self) -> None:
        """Leave."""
        if self._task is not None:
            self._task.cancel()
        if self._writer is not None:
            self._writer.close()

    def send(self, name: str, payload: dict[str, Any] | None = None) -> float:
        """Send one event from the page the tab shows; return the moment."""
        data = {"name": name, "payload": payload or {}, "router_data": {"pathname": self.path, "asPath": self.path}}
        moment = time.perf_counter()
        self._frame(f'42{NAMESPACE},["event",{json.dumps(data)}]')
        return moment

    async def until(self, ready: Callable[[str], bool], seconds: float = 30.0) -> tuple[float, str]:
        """Wait for a message of a kind; return the moment it came and its text."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append((ready, future))
        text = await asyncio.wait_for(future, seconds)
        return time.perf_counter(), text

    async def ask(self, name: str, ready: Callable[[str], bool], payload: dict[str, Any] | None = None) -> float:
        """Send an event and return the seconds until its answer is there."""
        answer = asyncio.ensure_future(self.until(ready))
        await asyncio.sleep(0)
        sent = self.send(name, payload)
        return (await answer)[0] - sent

    async def _listen(self) -> None:
        text = b""
        while True:
            final, kind, data = await self._next()
            if kind == _CLOSE:
                return
            if kind == _PING:
                self._frame(data.decode(), _PONG)
            elif kind in (_TEXT, _CONTINUED):
                text += data
                if final:
                    self._message(text.decode())
                    text = b""

    async def _next(self) -> tuple[bool, int, bytes]:
        assert self._reader is not None  # noqa: S101 - open() has set it
        first, second = await self._reader.readexactly(2)
        length = second & 0x7F
        if length == _SHORT:
            length = int.from_bytes(await self._reader.readexactly(2), "big")
        elif length == _MEDIUM:
            length = int.from_bytes(await self._reader.readexactly(8), "big")
        return bool(first & 0x80), first & 0x0F, await self._reader.readexactly(length)

    def _message(self, text: str) -> None:
        moment = time.perf_counter()
        if text.startswith("0"):
            self._frame(f"40{NAMESPACE}," + json.dumps({"event": HYDRATE}))
        elif text == "2":
            self._frame("3")
        else:
            self.heard(moment, text)
            if '"events":[{"name":"reflex___state____state.' in text:
                self._echo(text)
            for one in [one for one in self._waiting if one[0](text)]:
                self._waiting.remove(one)
                if not one[1].done():
                    one[1].set_result(text)

    def _echo(self, text: str) -> None:
        """Send back the events the server asks for, as the page would."""
        for event in json.loads(text[text.index("[") :])[1].get("events", []):
            self.echoes += 1
            self.send(event["name"], event.get("payload"))

    def _frame(self, text: str, kind: int = _TEXT) -> None:
        """Write one frame; a client's frame must be masked, and a mask of zeros leaves the text as it is."""
        data = text.encode()
        size = len(data)
        head = bytes([0x80 | kind])
        if size < _SHORT:
            head += bytes([0x80 | size])
        elif size < 1 << 16:
            head += bytes([0x80 | _SHORT]) + size.to_bytes(2, "big")
        else:
            head += bytes([0x80 | _MEDIUM]) + size.to_bytes(8, "big")
        assert self._writer is not None  # noqa: S101 - open() has set it
        self._writer.write(head + bytes(4) + data)
