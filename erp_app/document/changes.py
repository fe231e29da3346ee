"""What a change leaves behind: a higher version, an audit row with the fields that differ, an event for screens and workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from erp_app.document import read, repo, shape
from erp_app.document.declare import DocumentType
from erp_app.document.values import plain, show
from erp_app.kernel.uow import Work


@dataclass(frozen=True)
class Snapshot:
    """A record's columns and lines before a change."""

    row: dict[str, Any]
    lines: dict[str, list[dict[str, Any]]]

    @classmethod
    def take(cls, work: Work, dt: DocumentType, doc: Any) -> Snapshot:
        """Copy what the record holds now."""
        lines = {one.name: [read.repo_row(line) for line in repo.lines_of(work, one.model, doc.id)] for one in dt.lines}
        return cls(repo.row_of(doc), lines)


def record_change(work: Work, dt: DocumentType, doc: Any, action: str, before: Snapshot | None, *, reason: str | None = None, always: bool = False) -> bool:
    """Raise the version, write the audit row with the differences and the event `document.changed`.

    Returns:
        Whether anything differed; otherwise nothing is written, unless `always`.
    """
    old, new = _differences(work, dt, doc, before)
    if before is not None:
        if not (old or new or always):
            return False
        doc.version = before.row["version"] + 1
        doc.updated_at, doc.updated_by = work.now, work.actor.user_id
    work.audit(
        f"{dt.table.name}.{action}",
        resource=dt.plural,
        record_id=doc.id,
        before=old if before is not None else None,
        after=new,
        reason=reason,
    )
    work.emit(
        "document.changed",
        {
            "type": dt.plural,
            "id": doc.id,
            "number": getattr(doc, dt.key),
            "state": getattr(doc, "state", ""),
            "version": doc.version,
            "action": action,
            "user_id": work.actor.user_id,
        },
        topics=[f"doc:{dt.plural}", f"rec:{doc.id}"],
    )
    return True


def _differences(work: Work, dt: DocumentType, doc: Any, before: Snapshot | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the differing values before and after, in API form with ids for references; lines only where they differ."""
    now = Snapshot.take(work, dt, doc)
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    tz = work.actor.tz
    for name, one in shape.header(dt).items():
        was, is_ = (before.row[one.column] if before else None), now.row[one.column]
        if was != is_ and not (before is None and is_ in (None, "", [])):
            old[name], new[name] = show(one, was, tz), show(one, is_, tz)
    was_custom = before.row["custom"] if before else {}
    if was_custom != now.row["custom"]:
        old["custom"], new["custom"] = was_custom, now.row["custom"]
    for lines in dt.lines:
        known = shape.line(lines)
        left, right = ([_line(row, known, tz) for row in part] for part in ((before.lines[lines.name] if before else []), now.lines[lines.name]))
        if left != right:
            old[lines.name] = [row for row in left if row not in right]
            new[lines.name] = [row for row in right if row not in left]
    return old, plain(new, tz)


def _line(row: dict[str, Any], known: dict[str, shape.Shape], tz: str) -> dict[str, Any]:
    return {"line_no": row["line_no"], **{name: show(one, row[one.column], tz) for name, one in known.items()}}
