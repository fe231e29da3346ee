"""The API's handbook as one plain page, made from the same OpenAPI document that programs read; no scripts, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "h2{margin-top:2.5rem;border-bottom:1px solid #8884}summary{cursor:pointer;padding:.2rem 0}code{font-family:ui-monospace,monospace}"
    "b.m{display:inline-block;width:4.2rem}table{border-collapse:collapse;margin:.4rem 0 1rem 4.2rem}td{padding:.1rem .8rem .1rem 0;vertical-align:top}"
    "p.n{margin:.2rem 0 .2rem 4.2rem}"
)


def page(document: dict[str, Any]) -> str:
    """Return the page for an OpenAPI document."""
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            groups.setdefault((one.get("tags") or ["general"])[0], []).append(_operation(method, path, one, document))
    info = document["info"]
    parts = [f"<h2 id='{escape(name)}'>{escape(name)}</h2>{''.join(items)}" for name, items in groups.items()]
    links = " · ".join(f"<a href='#{escape(name)}'>{escape(name)}</a>" for name in groups)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>{escape(info['title'])}</title>"
        f"<style>{_STYLE}</style><h1>{escape(info['title'])}</h1><p>{escape(info['description'])}</p>"
        f"<p><a href='/api/openapi.json'>openapi.json</a></p><p>{links}</p>{''.join(parts)}</html>"
    )


def _operation(method: str, path: str, one: dict[str, Any], document: dict[str, Any]) -> str:
    rows = [(p["name"], p["schema"], p.get("description", "")) for p in one.get("parameters", [])]
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    rows += [(f"{name}{'*' if needed else ''}", schema, schema.get("description", "")) for name, schema, needed in _properties(body, document)]
    table = "".join(f"<tr><td><code>{escape(n)}</code><td>{escape(_kind(s))}<td>{escape(s.get('title', ''))} {escape(d)}" for n, s, d in rows)
    answer = next((code for code in one.get("responses", {}) if str(code).startswith("2")), "200")
    return (
        f"<details><summary><b class=m>{method.upper()}</b><code>{escape(path)}</code> {escape(one.get('summary', ''))}</summary>"
        f"<p class=n>Answers {escape(str(answer))}</p><table>{table}</table></details>"
    )


def _properties(schema: dict[str, Any] | None, document: dict[str, Any]) -> list[tuple[str, dict[str, Any], bool]]:
    if not schema:
        return []
    if "$ref" in schema:
        schema = document["components"]["schemas"].get(schema["$ref"].rpartition("/")[2], {})
    found = [item for part in schema.get("allOf", []) for item in _properties(part, document)]
    needed = schema.get("required", [])
    return found + [(name, one, name in needed) for name, one in schema.get("properties", {}).items()]


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")
