"""Reports over REST: the same answers as on screen, as JSON or as a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response

from erp_app.api.auth import Caller, for_any_user, requires
from erp_app.kernel.access import require
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import catalogue, files
from erp_app.reports.report import moment_text

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])
JSON = "json"


@router.get("")
@for_any_user("lists only the reports the caller may view")
def reports(actor: Caller) -> dict[str, Any]:
    """Return the reports the caller may view: `name`, `label`, `section` and what each can be asked."""
    found = [
        {
            "name": one.name, "label": one.label, "section": one.section,
            "parameters": [asdict(asked) for asked in one.parameters],
        }
        for one in catalogue.open_to(actor)
    ]
    return {"items": found, "total": len(found)}


@router.get("/{name}", response_model=None)
@requires("report-{name}", "view")
def report(name: str, actor: Caller, request: Request) -> Response | dict[str, Any]:
    """Answer a report. Query: `format` (json, xlsx, csv, pdf), `as_of`, `known_on`, and the report's own parameters.

    A date as `as_of` or `known_on` means its whole day. Money and quantities are decimal strings.
    """
    given = dict(request.query_params)
    kind = given.pop("format", JSON)
    if kind != JSON and kind not in files.MEDIA:
        raise Invalid("ERP-3401", "format must be json, xlsx, csv or pdf.", errors={"format": "must be json, xlsx, csv or pdf"})
    found, answer = catalogue.ask(actor, name, given)
    if kind == JSON:
        return answer
    require(actor, found.resource, "export")
    with unit_of_work(actor) as work:
        # What is taken along says as of when it was known: asked for as known then, the report is the same for ever.
        dated = {**answer, "as_of": given.get("as_of"), "known_on": given.get("known_on") or moment_text(work, work.now)}
        content = files.make(work, found, dated, kind, catalogue.hidden_columns(actor, found))
        work.audit("report.exported", resource=found.resource, after={"format": kind, **{key: value[:200] for key, value in given.items()}})
    return Response(content, media_type=files.MEDIA[kind], headers={"Content-Disposition": f'attachment; filename="{files.named(found, dated, kind)}"'})
