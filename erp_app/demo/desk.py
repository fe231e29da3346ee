"""A desk where the demo's people do their work: documents are entered and taken through their steps by the usual services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from erp_app.document import registry, service
from erp_app.kernel.actor import Actor
from erp_app.kernel.uow import Work


class Desk:
    """One open unit of work in which different people act in turn."""

    def __init__(self, work: Work, actors: dict[str, Actor]) -> None:
        self.work = work
        self.actors = actors
        self.boss = next(iter(actors.values()))

    def create(self, who: str, plural: str, at: datetime | None = None, **data: Any) -> dict[str, Any]:
        """Enter a record as a person; `at` is when it happened."""
        self._sit_down(who)
        if at is not None:
            data["effective_at"] = at.isoformat()
        return service.create(self.work, registry.get(plural), data)

    def change(self, who: str, plural: str, ref: str, **data: Any) -> dict[str, Any]:
        """Change a record as a person."""
        self._sit_down(who)
        return service.update(self.work, registry.get(plural), ref, data, None)

    def act(self, who: str, plural: str, record: dict[str, Any], action: str, **data: Any) -> dict[str, Any]:
        """Take a step with a record as a person."""
        self._sit_down(who)
        return service.act(self.work, registry.get(plural), record["id"], action, data)

    def post(self, who: str, plural: str, at: datetime, **data: Any) -> dict[str, Any]:
        """Enter a document and post it."""
        return self.act(who, plural, self.create(who, plural, at, **data), "post")

    def _sit_down(self, who: str) -> None:
        """Let the person act; what the last one touched is stored and put away, so that a long demo stays quick."""
        self.work.flush()
        self.work.session.expunge_all()
        self.work.session.info.clear()
        self.work.actor = self.actors.get(who, self.boss)
