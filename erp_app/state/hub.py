"""The live hub: one listener per web process that turns committed events into changes on every open screen.

A screen joins a topic before it reads, so nothing can happen in between unseen. A room is one topic on one page of one tenant; it
carries no business data, only "look again" (each screen then reads what its user may see), or a small value that is the same for
everybody in the room. Bursts are coalesced; after any gap in the messages every room looks again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import redis
import reflex as rx
from reflex.state import StateUpdate
from reflex_base.constants.state import FIELD_MARKER
from reflex_base.event import Event

from erp_app.iam import service as iam
from erp_app.iam import sessions
from erp_app.kernel import bus, clock, log, meter
from erp_app.kernel.actor import Actor
from erp_app.state import topics as rules

NAMESPACE = "/_event"
VALUE_WINDOW = 0.15  # seconds between two values of one room
REFRESH_WINDOW, REFRESH_LONGEST = 0.5, 1.0  # seconds between two "look again" of one room; the more screens, the longer
REFRESH_A_MEMBER = 0.0025
RECHECK_AFTER, RECHECK_EVERY = 0.2, 300.0
SILENCE = 10.0  # seconds without a message after which the connection is tested
PAUSE = 0.5
ANY_PAGE = "*"


@dataclass(frozen=True)
class Room:
    """One topic as followed by one kind of screen.

    Attributes:
        state: full name of the State; handler: its event for "look again"; var: the var that takes a pushed value, or empty.
        page: path the room belongs to (left when the session goes to another page), `*` for what stays.
    """

    tenant_id: int
    topic: str
    state: str
    handler: str
    var: str = ""
    page: str = ANY_PAGE

    @property
    def event(self) -> str:
        """Name of the event that makes a screen look again."""
        return f"{self.state}.{self.handler}"


@dataclass
class _Pending:
    """What a room is still to be told, and when it was told last."""

    value: Any = None
    refresh: bool = False
    timer: asyncio.TimerHandle | None = None
    told: float = field(default=-1e9)


class LiveHub:
    """All rooms of one web process."""

    def __init__(self) -> None:
        self.app: Any = None
        self.listening = asyncio.Event()
        self._rooms: dict[tuple[int, str], set[Room]] = {}
        self._pending: dict[Room, _Pending] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._recheck: dict[int, asyncio.TimerHandle] = {}
        self._say = log.logger("live")

    def attach(self, app: rx.App) -> None:
        """Bind the hub to the application; it listens as long as the process serves."""
        self.app = app
        app.register_lifespan_task(self._listen)
        app.register_lifespan_task(self._beat)

    async def join(self, state: rx.State, *wanted: str, refresh: str = "refresh", var: str = "", stay: bool = False) -> bool:
        """Follow topics from now on; call it before reading, in `on_load`. Joining twice is joining once.

        Args:
            state: the State that shows them.
            wanted: topics of `state/topics.py`.
            refresh: name of its handler that reads again.
            var: its var that takes the pushed value of events that have one (payload `live`); others make it read again.
            stay: keep following when the session goes to another page (for the shell); otherwise rooms of other pages are left.

        Returns:
            Whether all topics may be followed; those that may not are not joined.
        """
        sid = state.router.session.session_id
        page = ANY_PAGE if stay else str(state.router.url.path)
        if not stay:
            await self.leave(sid, other_than=page)
        actor = await self._actor(sid)
        if actor is None:
            return False
        fine = True
        for topic in wanted:
            if await asyncio.to_thread(rules.allowed, actor, topic) and self.app.sio.manager.is_connected(sid, NAMESPACE):
                room = Room(actor.tenant_id, topic, type(state).get_full_name(), refresh, var, page)
                self._rooms.setdefault((actor.tenant_id, topic), set()).add(room)
                await self.app.sio.enter_room(sid, room, namespace=NAMESPACE)
            else:
                fine = False
        return fine

    async def leave(self, sid: str, *, other_than: str = "") -> None:
        """Leave the rooms of pages other than the one given (empty: of all pages); what stays, stays."""
        for room in self.joined(sid):
            if room.page not in (ANY_PAGE, other_than):
                await self.app.sio.leave_room(sid, room, namespace=NAMESPACE)

    def joined(self, sid: str) -> list[Room]:
        """Return the rooms a session is in."""
        return [room for room in self.app.sio.rooms(sid, namespace=NAMESPACE) if isinstance(room, Room)]

    def members(self, room: Room) -> list[str]:
        """Return the sessions in a room; those that disconnect leave by themselves."""
        return list(self.app.sio.manager.rooms.get(NAMESPACE, {}).get(room, ()))

    # -- messages ------------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Take messages for ever; a lost connection is made again, and then everybody looks again."""
        while True:
            try:
                client = bus.async_client()
                async with client, client.pubsub() as channel:
                    await channel.psubscribe("live:*")
                    self.listening.set()
                    self._after_a_gap()
                    while True:
                        message = await channel.get_message(ignore_subscribe_messages=True, timeout=SILENCE)
                        if message is not None:
                            self._take(message)
            except (redis.RedisError, OSError) as error:
                self.listening.clear()
                self._show_pulse(rules.PAUSED)
                self._say.warning("live.away", error=str(error))
                await asyncio.sleep(PAUSE)

    def _take(self, message: dict[str, Any]) -> None:
        """Note one message for the rooms it concerns."""
        try:
            tenant = int(message["channel"].decode().partition(":")[2])
            body = json.loads(message["data"])
            concerned, event = list(body["topics"]), str(body["event"])
            payload = body.get("payload") or {}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._say.warning("live.malformed", error=str(error))
            return
        meter.count("live_messages")
        for topic in [*concerned, *rules.implied(concerned)]:
            for room in tuple(self._rooms.get((tenant, topic), ())):
                self._note(room, payload.get("live") if room.var else None)
        if rules.changes_access(event, concerned):
            self._recheck_soon(tenant)

    def _note(self, room: Room, value: Any) -> None:
        """Tell a room at once when it was quiet, otherwise at the end of its window: the newest value, or one "look again"."""
        size = len(self.members(room))
        if not size:
            self._forget(room)
            return
        pending = self._pending.setdefault(room, _Pending())
        pending.value = value
        pending.refresh = pending.refresh or value is None
        if pending.timer is None:
            window = min(REFRESH_LONGEST, REFRESH_WINDOW + size * REFRESH_A_MEMBER) if pending.refresh else VALUE_WINDOW
            loop = asyncio.get_running_loop()
            pending.timer = loop.call_later(max(0.0, pending.told + window - loop.time()), self._tell, room)

    def _tell(self, room: Room) -> None:
        pending = self._pending.get(room)
        if pending is None:  # everybody left while the timer ran
            return
        value, refresh = pending.value, pending.refresh
        pending.value, pending.refresh, pending.timer = None, False, None
        pending.told = asyncio.get_running_loop().time()
        pushed = {room.state: {room.var + FIELD_MARKER: value}}
        update = StateUpdate(events=[Event(name=room.event)]) if refresh else StateUpdate(delta=pushed)
        meter.count("live_updates")
        self._run(self.app.sio.emit("event", update, room=room, namespace=NAMESPACE))

    def _forget(self, room: Room) -> None:
        """Drop a room that everybody has left."""
        self._pending.pop(room, None)
        rooms = self._rooms.get((room.tenant_id, room.topic), set())
        rooms.discard(room)
        if not rooms:
            self._rooms.pop((room.tenant_id, room.topic), None)

    def _every_room(self) -> list[Room]:
        return [room for rooms in self._rooms.values() for room in rooms]

    def _after_a_gap(self) -> None:
        """Anything may have been missed: every screen looks again, every right is checked again."""
        for room in self._every_room():
            if room.topic != rules.PULSE:
                self._note(room, None)
        self._show_pulse(clock.now().isoformat())
        for tenant in {tenant for tenant, _ in self._rooms}:
            self._recheck_soon(tenant)

    def _show_pulse(self, value: str) -> None:
        """Say on every screen whether it is live."""
        for room in self._every_room():
            if room.topic == rules.PULSE:
                self._note(room, value)

    # -- rights --------------------------------------------------------------------------------------------------------------

    async def _actor(self, sid: str) -> Actor | None:
        """Return who holds the session of a socket now, from the cookie it connected with."""
        environ = self.app.sio.get_environ(sid, NAMESPACE) or {}
        token = sessions.token_from(str(environ.get("HTTP_COOKIE", "")))
        identity = await asyncio.to_thread(lambda: iam.load_actor(session=token))
        return identity.actor if identity else None

    def _recheck_soon(self, tenant: int) -> None:
        """Check a tenant's rooms once, shortly: several changes of rights often come together."""
        if tenant not in self._recheck:
            loop = asyncio.get_running_loop()
            self._recheck[tenant] = loop.call_later(RECHECK_AFTER, lambda: self._run(self._check_rights(tenant)))

    async def _check_rights(self, tenant: int) -> None:
        """Put out of the rooms who may no longer follow their topic; their screens look once more, and are refused by the guard."""
        self._recheck.pop(tenant, None)
        rooms = [room for room in self._every_room() if room.tenant_id == tenant]
        for sid in {sid for room in rooms for sid in self.members(room)}:
            actor = await self._actor(sid)
            for room in self.joined(sid):
                if actor is None or actor.tenant_id != tenant or not await asyncio.to_thread(rules.allowed, actor, room.topic):
                    await self.app.sio.leave_room(sid, room, namespace=NAMESPACE)
                    await self.app.sio.emit("event", StateUpdate(events=[Event(name=room.event)]), to=sid, namespace=NAMESPACE)
                    self._say.info("live.put_out", topic=room.topic, tenant=tenant)

    async def _beat(self) -> None:
        """Check rights now and then even without an event, drop empty rooms, and share this process's numbers."""
        since = 0.0
        while True:
            await asyncio.sleep(5)
            await asyncio.to_thread(meter.share, "web")
            since += 5
            if since >= RECHECK_EVERY:
                since = 0.0
                self._drop_empty(self._every_room())
                for tenant in {tenant for tenant, _ in self._rooms}:
                    self._recheck_soon(tenant)

    def _drop_empty(self, rooms: Iterable[Room]) -> None:
        for room in rooms:
            if not self.members(room):
                self._forget(room)

    def _run(self, work: Any) -> None:
        """Run a coroutine beside the loop; its failure is logged, not lost."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._say.error("live.failed", error=f"{type(error).__name__}: {error}")


hub = LiveHub()
