"""The import page of any document type: which columns a sheet may have. Files go by the guarded upload, not through here."""

from __future__ import annotations

from typing import Any, ClassVar

import reflex as rx

from erp_app.document import registry
from erp_app.kernel.errors import ErpError, NotFound
from erp_app.state import schema
from erp_app.state.desk import path_parts, place_of, refused, run
from erp_app.state.guard import OWN_RESOURCE, PAGE_RESOURCE, actor, requires


class Importing(rx.State):
    """The type whose records are imported."""

    permission_resource: ClassVar[str] = PAGE_RESOURCE  # not annotated, Reflex would make a var of it

    here: str = ""
    plural: str = ""
    title: str = ""
    fields: list[dict[str, Any]] = []

    @rx.event
    @requires(OWN_RESOURCE, "create")
    async def open(self) -> Any:
        """Show the columns of the page's type."""
        try:
            parts = path_parts(self)
            if not parts:
                raise NotFound("ERP-1002", "There is no such page.")
            dt = registry.get(parts[0])
            found = await run(lambda work: schema.fields(work, dt))
        except ErpError as error:
            return refused(error, actor().lang)
        self.here = place_of(self)
        self.plural, self.title = dt.plural, dt.label_plural
        self.fields = [one for one in found if one["edit"]]
        return None
