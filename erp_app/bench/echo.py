"""The reference for live figures: the barest python-socketio server that sends what Redis publishes to one room, in the same web server."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import redis.asyncio
import socketio

CHANNEL, ROOM, NAMESPACE = "bench:echo", "everybody", "/_event"

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[], transports=["websocket"])
tasks: set[asyncio.Task[None]] = set()


@sio.on("connect", namespace=NAMESPACE)  # type: ignore[untyped-decorator]
async def enter(sid: str, _environ: dict[str, Any], _auth: Any = None) -> None:
    """Put everybody into the one room; the first to come starts the listener."""
    await sio.enter_room(sid, ROOM, namespace=NAMESPACE)
    if not tasks:
        tasks.add(asyncio.get_running_loop().create_task(_listen()))


@sio.on("event", namespace=NAMESPACE)  # type: ignore[untyped-decorator]
async def answer(sid: str, data: Any) -> None:
    """Send an event back to whoever sent it: the floor of a round trip."""
    await sio.emit("event", {"echo": data}, to=sid, namespace=NAMESPACE)


async def _listen() -> None:
    client = redis.asyncio.Redis.from_url(os.environ["ERP_REDIS_URL"])
    async with client, client.pubsub() as channel:
        await channel.subscribe(CHANNEL)
        async for message in channel.listen():
            if message["type"] == "message":
                await sio.emit("event", {"delta": {"value": message["data"].decode()}}, room=ROOM, namespace=NAMESPACE)


app = socketio.ASGIApp(sio, socketio_path="/_event")
