"""Real schemas for every resource, from the same declarations that make forms and lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from erp_app.document import criteria, flow, registry, shape
from erp_app.document.declare import Action, DocumentType, Lines
from erp_app.document.shape import Shape

Schema = dict[str, Any]
_OUT: dict[str, Schema] = {
    "integer": {"type": "integer"},
    "flag": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "json": {},
    "refs": {"type": "array", "items": {"type": "string"}},
}
_DECIMALS = ("quantity", "price", "percent", "money")
_PROBLEM: Schema = {
    "type": "object",
    "required": ["status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "examples": ["ERP-1102"]},
        "detail": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Message by field"},
        "data": {"type": "object", "description": "Facts for programs"},
    },
}


def name_of(dt: DocumentType) -> str:
    """Return the resource's name among the schemas: `SalesOrder`."""
    return dt.model.__name__


def components() -> dict[str, Schema]:
    """Return all schemas by name."""
    found: dict[str, Schema] = {"Problem": _PROBLEM}
    for dt in registry.all_types():
        name = name_of(dt)
        found[name] = _record(dt)
        found[f"{name}Input"] = _input(dt)
        found[f"{name}Page"] = _page(name)
        for lines in dt.lines:
            known = shape.line(lines)
            found[lines.model.__name__] = _object({"line_no": {"type": "integer"}, **{key: _out(one) for key, one in known.items()}})
            found[f"{lines.model.__name__}Input"] = _line_input(lines)
    return found


def ref(name: str) -> Schema:
    """Return a pointer to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def json_body(schema: Schema, *, required: bool = True) -> Schema:
    """Return a request body of JSON."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def answers(schema: Schema | None, status: int = 200, text: str = "Done") -> dict[int | str, dict[str, Any]]:
    """Return the documented answers: the good one, and problems."""
    good: dict[str, Any] = {"description": text}
    if schema is not None:
        good["content"] = {"application/json": {"schema": schema}}
    refused = {"description": "Refused", "content": {"application/problem+json": {"schema": ref("Problem")}}}
    return {status: good, **dict.fromkeys((400, 401, 403, 404, 409, 422, 429), refused)}


def list_parameters(dt: DocumentType) -> list[Schema]:
    """Return the query parameters of a list: search, order, page, and one filter for each field."""
    known = {**shape.header(dt), **shape.engine_fields()}
    sorts = list(criteria.sortable(dt, known))
    found: list[Schema] = [
        _query("q", {"type": "string", "maxLength": 100}, f"Words to look for in {', '.join(dt.search) or dt.key}"),
        _query("sort", {"type": "string"}, f"Fields, `-` for descending: {', '.join(sorts)}"),
        _query("page", {"type": "integer", "minimum": 1, "default": 1}, "Page, from 1"),
        _query("page_size", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}, "Records on a page"),
    ]
    for name, one in known.items():
        if one.kind != "json":
            operators = ", ".join(f"`filter[{name}][{operator}]`" for operator in criteria.operators(one) if operator != "eq")
            found.append(_query(f"filter[{name}]", {"type": "string"}, f"{one.label}. Also {operators}"))
    return found


def action_input(action: Action) -> Schema:
    """Return what a step asks for."""
    asked = flow.asked(action)
    properties = {name: _in(one) for name, one in asked.items()}
    if action.lines is not None:
        known = {one.name: one for one in shape.described(action.lines) if one.editable}
        properties["lines"] = {"type": "array", "items": _object({name: _in(one) for name, one in known.items()}, known)}
    properties["version"] = {"type": "integer", "description": "Refuse when the record has another version"}
    return _object(properties, asked)


def _record(dt: DocumentType) -> Schema:
    properties: dict[str, Schema] = {"id": {"type": "integer"}, "version": {"type": "integer"}}
    if not dt.is_document:
        properties |= {
            "number": {"type": "string", "description": f"The {dt.key}, as documents have a number"},
            "state": {"type": "string", "enum": ["active", "inactive"]},
        }
    properties |= {name: _out(one, dt) for name, one in shape.header(dt).items()}
    properties |= {one.name: {"type": "array", "items": ref(one.model.__name__)} for one in dt.lines}
    properties |= {
        "custom": {"type": "object", "description": "The tenant's own fields"},
        "created_at": _OUT["moment"],
        "created_by": {"type": "string"},
        "updated_at": _OUT["moment"],
        "updated_by": {"type": "string"},
        "refs": {"type": "object", "description": "id, type, number and label of every reference, by field"},
    }
    return _object(properties)


def _input(dt: DocumentType) -> Schema:
    known = {name: one for name, one in shape.header(dt).items() if one.editable}
    properties = {name: _in(one) for name, one in known.items()}
    properties |= {one.name: {"type": "array", "items": ref(f"{one.model.__name__}Input")} for one in dt.lines}
    properties["custom"] = {"type": "object"}
    schema = _object(properties, known)
    schema.setdefault("required", []).extend(one.name for one in dt.lines if one.required)
    return {key: value for key, value in schema.items() if value}


def _line_input(lines: Lines) -> Schema:
    known = {name: one for name, one in shape.line(lines).items() if one.editable}
    line_no = {"type": "integer", "description": "In a change: keeps the other values of that line"}
    return _object({"line_no": line_no, **{name: _in(one) for name, one in known.items()}}, known)


def _page(name: str) -> Schema:
    return _object(
        {
            "items": {"type": "array", "items": ref(name)},
            "total": {"type": "integer"},
            "total_exact": {"type": "boolean", "description": "false: the total is an estimate"},
            "page": {"type": "integer"},
            "page_size": {"type": "integer"},
        }
    )


def _object(properties: dict[str, Schema], known: Mapping[str, Shape] | None = None) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    required = [name for name, one in (known or {}).items() if one.required]
    if required:
        schema["required"] = required
    return schema


def _out(one: Shape, dt: DocumentType | None = None) -> Schema:
    found: Schema = {"title": one.label}
    if one.kind == "state" and dt is not None:
        return {**found, "type": "string", "enum": list(shape.allowed_state(dt))}
    if one.kind == "choice":
        return {**found, "type": "string", "enum": list(one.choices)}
    if one.kind in _DECIMALS:
        return {**found, "type": "string", "format": "decimal"}
    if one.kind in ("ref", "user"):
        return {**found, "type": "string", "description": f"Number or code of one of {one.ref}"}
    return {**found, **_OUT.get(one.kind, {"type": "string"})}


def _in(one: Shape) -> Schema:
    found: Schema = {"title": one.label}
    if one.kind in _DECIMALS:
        return {**found, "anyOf": [{"type": "string", "format": "decimal"}, {"type": "number"}]}
    key = {"anyOf": [{"type": "string"}, {"type": "integer"}], "description": f"Id, number or code of one of {one.ref}"}
    if one.kind in ("ref", "user"):
        return {**found, **key}
    if one.kind == "refs":
        return {**found, "type": "array", "items": key}
    schema = _out(one)
    return {**schema, "maxLength": one.max_length} if one.max_length and schema.get("type") == "string" and "enum" not in schema else schema


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
