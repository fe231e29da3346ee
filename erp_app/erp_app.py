"""The application."""

import reflex as rx


def index() -> rx.Component:
    """A first page, until the screens are there."""
    return rx.heading("Satu ERP")


app = rx.App()
app.add_page(index, route="/")
