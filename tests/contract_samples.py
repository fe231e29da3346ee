"""A company for contract tests, and sample data that follow from a declaration: every field people can give, lines, references."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from erp_app.document import registry, service, shape
from erp_app.document.declare import DocumentType
from erp_app.document.shape import Shape
from erp_app.iam import grants
from erp_app.kernel.actor import Actor
from erp_app.kernel.uow import unit_of_work

_unique = itertools.count(1)
Sample = Mapping[str, Any]


@dataclass
class Firm:
    """A company as the contract needs it: its id, another company's, and ids of users to act as."""

    tenant: int
    other: int
    user: int
    colleague: int
    samples: dict[str, Sample] = field(default_factory=dict)
    made: dict[tuple[str, str], int] = field(default_factory=dict)

    def actor(self, *roles: str, user: int | None = None, tenant: int | None = None) -> Actor:
        """Somebody with these roles."""
        return Actor(
            tenant_id=tenant or self.tenant,
            user_id=user or self.user,
            username="contract",
            roles=frozenset(roles),
            grants=grants.merge(roles, ()),
            lang="en",
            via="api",
        )

    @property
    def admin(self) -> Actor:
        """Somebody who may do everything."""
        return self.actor("admin")


def make(dt: DocumentType, firm: Firm, **values: Any) -> dict[str, Any]:
    """Create a record with sample data and return it."""
    with unit_of_work(firm.admin) as work:
        return service.create(work, dt, {**data(dt, firm), **values})


def data(dt: DocumentType, firm: Firm) -> dict[str, Any]:
    """Return sample input for a type: every field people can give, two lines in every required table."""
    chosen = firm.samples.get(dt.plural, {})
    result = {
        name: value for name, one in shape.header(dt).items() if one.editable and (value := value_of(one, firm, dt)) is not None and name != "effective_at"
    }
    for lines in dt.lines:
        known = shape.line(lines)
        if lines.required:
            result[lines.name] = [
                {name: value for name, one in known.items() if one.editable and (value := value_of(one, firm, dt)) is not None} for _ in range(2)
            ]
    given = {name: value(firm) if callable(value) else value for name, value in chosen.items()}
    return {name: value for name, value in {**result, **given}.items() if value is not ...}


def value_of(one: Shape, firm: Firm, dt: DocumentType) -> Any:
    """Return a value the field takes; optional references to the own type and to any record are left out."""
    number = next(_unique)
    if one.column == "code":
        return f"c{secrets.token_hex(3)}{number}"
    if one.kind in ("text", "long_text"):
        return f"Text {number}"[: one.max_length]
    if one.kind == "choice":
        return one.choices[0]
    if one.kind in ("ref", "user"):
        if not one.required and (one.ref == dt.plural or one.kind == "user"):
            return None
        return firm.user if one.kind == "user" else target(one, firm)
    simple = {"integer": 3, "quantity": "2", "price": "1000", "percent": "5", "money": "10000", "date": "2026-01-15", "flag": True}
    return simple.get(one.kind)


def target(one: Shape, firm: Firm) -> int | None:
    """Return the id of a record the field can refer to, made at first use; None when its type is made by other documents only."""
    other = registry.get(one.ref)
    key = (one.ref, repr(sorted(one.filter.items())))
    if key not in firm.made:
        if not other.creatable:
            return None
        wanted = {name: value[0] if isinstance(value, list | tuple) else value for name, value in one.filter.items()}
        firm.made[key] = make(other, firm, **wanted)["id"]
    return firm.made[key]
