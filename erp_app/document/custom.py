"""Fields a tenant adds to a document type: typed, at once in form, list, filter, sort, print, import, export and API, no migration.

Definitions are read once per process and tenant; a stamp in Redis tells every process that they changed. Without Redis they
are read from the database each time: slower, never stale.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import redis

from erp_app.document import registry, shape
from erp_app.document.shape import Shape
from erp_app.document.values import Bad, parse
from erp_app.kernel import bus
from erp_app.kernel.access import require
from erp_app.kernel.errors import Invalid, NotFound
from erp_app.kernel.uow import Work

KINDS = ("text", "long_text", "choice", "integer", "quantity", "money", "date", "flag")
MAX_FIELDS = 50
_NAME = re.compile(r"[a-z][a-z0-9_]{0,38}")
_PLACES = {"quantity": 4, "money": 0}
_LENGTH = {"text": 200, "long_text": 4000, "choice": 60}


@dataclass(frozen=True)
class Defined:
    """One custom field: its shape, and where it stands besides the form."""

    shape: Shape
    in_list: bool
    in_print: bool


_cache: dict[int, tuple[str, dict[str, dict[str, Defined]]]] = {}


def fields(work: Work, plural: str) -> dict[str, Defined]:
    """Return the active custom fields of a type by name, in their order."""
    return _all(work).get(plural, {})


def define(work: Work, plural: str, data: dict[str, Any]) -> dict[str, Any]:
    """Add or change a custom field: name, label, kind, choices, required, in_list, in_print, position, active.

    Raises:
        Forbidden: without the right to edit `custom-fields`.
        Invalid: ERP-1102; the kind of an existing field cannot change.
    """
    require(work.actor, "custom-fields", "edit")
    dt = registry.get(plural)
    row = _checked(dt.plural, data, set(shape.header(dt)) | set(shape.engine_fields()))
    old = work.row("SELECT kind, active FROM custom_field WHERE type = %s AND name = %s", (plural, row["name"]))
    if old is not None and old["kind"] != row["kind"]:
        raise Invalid("ERP-1102", f"{row['label']} already holds values of kind {old['kind']}.", errors={"kind": "cannot be changed"})
    if old is None and len(fields(work, plural)) >= MAX_FIELDS:
        raise Invalid("ERP-1104", f"{dt.label} already has {MAX_FIELDS} custom fields.")
    work.run(
        "INSERT INTO custom_field (tenant_id, type, name, label, kind, choices, required, in_list, in_print, position, active)"
        " VALUES (%(tenant)s, %(type)s, %(name)s, %(label)s, %(kind)s, %(choices)s::text::jsonb, %(required)s, %(in_list)s, %(in_print)s,"
        " %(position)s, %(active)s) ON CONFLICT (tenant_id, type, name) DO UPDATE SET label = excluded.label, choices = excluded.choices,"
        " required = excluded.required, in_list = excluded.in_list, in_print = excluded.in_print, position = excluded.position,"
        " active = excluded.active",
        {**row, "choices": _json(row["choices"]), "tenant": work.actor.tenant_id, "type": plural},
    )
    work.audit("custom_field.define", resource="custom-fields", before=old, after={"type": plural, **row})
    work.emit("custom_field.changed", {"type": plural, "name": row["name"]}, topics=[f"doc:{plural}"])
    _cache.pop(work.actor.tenant_id, None)
    tenant = work.actor.tenant_id
    work.after_commit(lambda: forget(tenant))
    return row


def listed(work: Work, plural: str) -> list[dict[str, Any]]:
    """Return all custom fields of a type, retired ones too, for the administrator's screen."""
    require(work.actor, "custom-fields", "view")
    return work.rows("SELECT * FROM custom_field WHERE type = %s ORDER BY position, name", (registry.get(plural).plural,))


def retire(work: Work, plural: str, name: str) -> None:
    """Hide a custom field; its values stay stored and come back when it is defined again.

    Raises:
        NotFound: ERP-1001.
    """
    require(work.actor, "custom-fields", "edit")
    if not work.run("UPDATE custom_field SET active = false WHERE type = %s AND name = %s", (plural, name)):
        raise NotFound("ERP-1001", f"There is no custom field {name!r} on {plural}.")
    work.audit("custom_field.retire", resource="custom-fields", after={"type": plural, "name": name})
    work.emit("custom_field.changed", {"type": plural, "name": name}, topics=[f"doc:{plural}"])
    tenant = work.actor.tenant_id
    _cache.pop(tenant, None)
    work.after_commit(lambda: forget(tenant))


def forget(tenant_id: int) -> None:
    """Drop what this process knows and tell the others."""
    _cache.pop(tenant_id, None)
    try:
        bus.client().incr(_stamp_key(tenant_id))
    except (redis.RedisError, RuntimeError):
        return  # the others cannot read the stamp either and go to the database


def read(known: dict[str, Defined], given: Any, before: dict[str, Any], errors: dict[str, str], *, complete: bool, tz: str) -> dict[str, Any]:
    """Return `before` with the given values checked and put in (`null` removes one); messages go to `errors` as `custom.name`."""
    if given is not None and not isinstance(given, dict):
        errors["custom"] = "must be an object"
        return before
    result = dict(before)
    for name, value in (given or {}).items():
        one = known.get(str(name))
        if one is None:
            errors[f"custom.{str(name)[:40]}"] = "is no field of this type"
            continue
        try:
            stored = parse(one.shape, value, tz)
        except Bad as bad:
            errors[f"custom.{name}"] = str(bad)
            continue
        if stored is None:
            result.pop(name, None)
        else:
            result[name] = _storable(one.shape, stored)
    if complete or given:
        errors.update({f"custom.{name}": "is required" for name, one in known.items() if one.shape.required and name not in result})
    return result


def shown(known: dict[str, Defined], stored: dict[str, Any] | None) -> dict[str, Any]:
    """Return the values of active fields in API form."""
    return {name: (stored or {}).get(name) for name in known}


def _all(work: Work) -> dict[str, dict[str, Defined]]:
    tenant = work.actor.tenant_id
    stamp = _stamp(tenant)
    cached = _cache.get(tenant)
    if cached is not None and stamp is not None and cached[0] == stamp:
        return cached[1]
    found: dict[str, dict[str, Defined]] = {}
    for row in work.rows("SELECT * FROM custom_field WHERE active ORDER BY type, position, name"):
        found.setdefault(row["type"], {})[row["name"]] = _defined(row)
    if stamp is not None:
        _cache[tenant] = (stamp, found)
    return found


def _stamp(tenant_id: int) -> str | None:
    """Return the tenant's stamp, or None when Redis is away. A missing stamp is set, so that a flushed Redis makes everybody read anew."""
    try:
        client = bus.client()
        value = client.get(_stamp_key(tenant_id))
        if value is None:
            client.incr(_stamp_key(tenant_id))
            _cache.pop(tenant_id, None)
            value = client.get(_stamp_key(tenant_id))
    except (redis.RedisError, RuntimeError):
        return None
    return value.decode() if isinstance(value, bytes) else str(value)


def _stamp_key(tenant_id: int) -> str:
    return f"custom-fields:{tenant_id}"


def _defined(row: dict[str, Any]) -> Defined:
    kind = row["kind"]
    one = Shape(
        name=row["name"],
        column=row["name"],
        kind=kind,
        label=row["label"],
        required=row["required"],
        choices=tuple(row["choices"] or ()),
        places=_PLACES.get(kind),
        max_length=_LENGTH.get(kind),
        custom=True,
    )
    return Defined(one, row["in_list"], row["in_print"])


def _storable(one: Shape, value: Any) -> Any:
    from erp_app.document.values import show  # noqa: PLC0415 - kept beside its use

    return value if one.kind in ("integer", "flag") else show(one, value, "UTC")


def _checked(plural: str, data: dict[str, Any], taken: set[str]) -> dict[str, Any]:
    errors: dict[str, str] = {}
    name, kind, label = data.get("name"), data.get("kind"), data.get("label")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in taken:
        errors["name"] = "must be small letters, digits and _, and not the name of another field"
    if kind not in KINDS:
        errors["kind"] = f"must be one of {', '.join(KINDS)}"
    if not isinstance(label, str) or not 0 < len(label.strip()) <= 80 or not label.isprintable():  # noqa: PLR2004
        errors["label"] = "is required, at most 80 characters"
    choices = data.get("choices") or []
    good = isinstance(choices, list) and len(choices) <= 200 and all(isinstance(c, str) and 0 < len(c) <= 60 and c.isprintable() for c in choices)  # noqa: PLR2004
    if not good or (kind == "choice" and not choices):
        errors["choices"] = "must be a list of words"
    flags = {key: data.get(key, default) for key, default in (("required", False), ("in_list", False), ("in_print", False), ("active", True))}
    errors.update({key: "must be true or false" for key, value in flags.items() if not isinstance(value, bool)})
    position = data.get("position", 0)
    if isinstance(position, bool) or not isinstance(position, int) or not 0 <= position < 10_000:  # noqa: PLR2004
        errors["position"] = "must be a whole number"
    unknown = set(data) - {"name", "label", "kind", "choices", "position", *flags}
    errors.update(dict.fromkeys((str(one)[:40] for one in unknown), "is no such setting"))
    if errors:
        raise Invalid("ERP-1102", f"The custom field of {plural} is not right.", errors=errors)
    return {"name": name, "label": str(label).strip(), "kind": kind, "choices": choices, "position": position, **flags}


def _json(value: Any) -> str:
    import json  # noqa: PLC0415 - only here

    return json.dumps(value)
