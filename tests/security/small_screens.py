"""States with every kind of declaration, and what they did."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import reflex as rx
from reflex_base.registry import RegistrationContext

from erp_app.state.guard import OWN_RESOURCE, Guard, actor, actor_now, for_any_user, public, requires

done: list[str] = []


def small_screens() -> tuple[rx.App, str]:
    """Make an application with one State in a registry of its own; return it and the State's full name."""
    RegistrationContext.set(RegistrationContext.ensure_context().fork())

    class Desk(rx.State):
        permission_resource: ClassVar[str] = "departments"
        shown: str = "nothing"
        _secret: str = "backend only"

        @rx.event
        @requires("users", "edit")
        def change(self, what: str = "") -> None:
            done.append(f"change {actor().username} {what}")
            self.shown = what

        @requires(OWN_RESOURCE, "view")
        @rx.event
        async def look(self) -> None:
            done.append(f"look {actor().tenant_id}")

        @rx.event
        @for_any_user("own preferences")
        def prefer(self) -> Any:
            done.append(f"prefer {actor().username}")
            return Desk.undeclared

        @rx.event
        @public("the weather")
        def weather(self) -> None:
            done.append("weather")

        @rx.event
        def undeclared(self) -> None:
            done.append("undeclared")

        def forgotten(self) -> None:
            done.append("forgotten")

        def set_shown(self, value: str = "") -> None:
            done.append(f"set_shown {value}")

        @rx.event(background=True)
        @requires("users", "edit")
        async def work(self) -> None:
            done.append("work begins")
            await asyncio.sleep(0.3)
            await actor_now("users", "edit")
            done.append("work goes on")
            async with self:
                self.shown = "worked"

    Desk.__module__ = __name__
    globals()["Desk"] = Desk
    app = rx.App()
    app.add_middleware(Guard())
    return app, Desk.get_full_name()
