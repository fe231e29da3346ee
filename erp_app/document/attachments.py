"""Files on a record: checked by content, stored in the database, served only as downloads to who may see the record."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

from erp_app.document import anchor
from erp_app.document.values import moment_text
from erp_app.kernel.access import require
from erp_app.kernel.errors import Invalid, NotFound
from erp_app.kernel.uow import Work

MAX_BYTES = 10 * 2**20
MAX_FILES = 100
_ZIP = b"PK\x03\x04"
# extension -> media type, and how the content must begin (none: it must be text)
_KINDS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "webp": ("image/webp", (b"RIFF",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (_ZIP,)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (_ZIP,)),
    "zip": ("application/zip", (_ZIP,)),
    "csv": ("text/csv", ()),
    "txt": ("text/plain", ()),
}


def add(work: Work, record_id: int, name: str, content: bytes) -> dict[str, Any]:
    """Store a file on a record; the right to edit the record is needed.

    Raises:
        NotFound: ERP-1001. Forbidden: ERP-1301. Invalid: ERP-1110 when it is too big, empty, or not what its name says.
    """
    dt, doc = anchor.hold(work, record_id)
    require(work.actor, dt.plural, "edit", {"created_by": doc.created_by, **_scope_columns(doc)})
    clean = safe_name(name)
    media_type = check(clean, content)
    count = work.value("SELECT count(*) FROM record_attachment WHERE record_id = %s", (record_id,))
    if count >= MAX_FILES:
        raise Invalid("ERP-1110", f"{anchor.number_of(dt, doc)} already has {MAX_FILES} files.")
    sha256 = digest(content)
    made = work.value(
        "INSERT INTO record_attachment (tenant_id, record_id, user_id, username, name, media_type, size, sha256, content, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp()) RETURNING id",
        (work.actor.tenant_id, record_id, work.actor.user_id, work.actor.username, clean, media_type, len(content), sha256, content),
    )
    work.audit(f"{dt.table.name}.attach", resource=dt.plural, record_id=record_id, after={"name": clean, "size": len(content), "sha256": sha256})
    work.emit("attachment.added", {"type": dt.plural, "id": record_id, "attachment_id": made, "name": clean}, topics=[f"rec:{record_id}"])
    return {"id": made, "name": clean, "media_type": media_type, "size": len(content), "sha256": sha256}


def listed(work: Work, record_id: int) -> list[dict[str, Any]]:
    """Return a record's files without their content, oldest first.

    Raises:
        NotFound: ERP-1001.
    """
    anchor.hold(work, record_id)
    rows = work.rows(
        "SELECT id, name, media_type, size, sha256, username, at FROM record_attachment WHERE record_id = %s ORDER BY id",
        (record_id,),
    )
    return [{**row, "at": moment_text(row["at"], work.actor.tz)} for row in rows]


def content(work: Work, record_id: int, attachment_id: int) -> dict[str, Any]:
    """Return one file: name, media_type, content.

    Raises:
        NotFound: ERP-1001.
    """
    anchor.hold(work, record_id)
    row = work.row(
        "SELECT id, name, media_type, size, content FROM record_attachment WHERE record_id = %s AND id = %s",
        (record_id, attachment_id),
    )
    if row is None:
        raise NotFound("ERP-1001", f"There is no file {attachment_id} on this record.")
    return row


def digest(content: bytes) -> str:
    """Return what names a content."""
    return hashlib.sha256(content).hexdigest()


def safe_name(name: str) -> str:
    """Return a file name without path, controls or anything a shell or header could misread; the extension stays."""
    base = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(c for c in base if c.isalnum() or c in " ._-()").strip(" .")
    stem, dot, extension = kept.rpartition(".")
    return f"{(stem or 'file')[:100]}.{extension.lower()[:8]}" if dot else (kept or "file")[:100]


def check(name: str, content: bytes) -> str:
    """Return the media type of a file, if size, name and content agree.

    Raises:
        Invalid: ERP-1110.
    """
    if not content:
        raise Invalid("ERP-1110", f"{name} is empty.", errors={"file": "is empty"})
    if len(content) > MAX_BYTES:
        raise Invalid("ERP-1110", f"{name} is larger than 10 MiB.", errors={"file": "is larger than 10 MiB"})
    kind = _KINDS.get(name.rpartition(".")[2])
    if kind is None:
        raise Invalid("ERP-1110", f"Files like {name} are not taken; use {', '.join(_KINDS)}.", errors={"file": "is of a kind that is not taken"})
    media_type, beginnings = kind
    good = content.startswith(beginnings) if beginnings else _is_text(content)
    if not good:
        raise Invalid("ERP-1110", f"The content of {name} is not what its name says.", errors={"file": "is not what its name says"})
    return media_type


def _is_text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _scope_columns(doc: Any) -> dict[str, Any]:
    return {name: getattr(doc, name) for name in ("assignee_id", "department_id", "warehouse_id") if hasattr(doc, name)}
