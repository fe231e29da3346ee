"""The smallest screen that follows something live, served by the product's own web server: for the hub's contract test."""

from __future__ import annotations

import reflex as rx

import erp_app.domains  # noqa: F401 - registers every document type
from erp_app.state.hub import LiveHub

hub = LiveHub()


class Follower(rx.State):
    """Follows the topics it is asked to, counts how often it looked, and shows the value it was pushed."""

    looked: int = 0
    value: int = 0
    joined: str = ""

    @rx.event
    async def follow(self, topics: list[str]):
        """Join and say whether all could be joined."""
        self.joined = str(await hub.join(self, *topics))

    @rx.event
    async def follow_value(self, topics: list[str]):
        """Join for a value that is the same for everybody."""
        self.joined = str(await hub.join(self, *topics, var="value"))

    @rx.event
    def refresh(self):
        """Look again."""
        self.looked += 1


def index() -> rx.Component:
    """Show all three."""
    return rx.text(
        Follower.looked, Follower.value, Follower.joined, on_click=[Follower.follow([]), Follower.follow_value([]), Follower.refresh]
    )


app = rx.App()
app.add_page(index, route="/")
hub.attach(app)
