"""The company's picture on letters: a PNG or JPEG of sensible size, known by its content and not by its name."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from erp_app.iam import repo
from erp_app.kernel.access import require
from erp_app.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

LARGEST = 512 * 1024  # bytes
PIXELS = 4_000_000  # what a picture may unpack to: letters print 40 mm of it
_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}


def put_logo(work: Work, content: bytes) -> str:
    """Store the company's picture and return its media type.

    Raises:
        Invalid: ERP-1338 when it is no PNG or JPEG, or too big. Forbidden: ERP-1301 without the right to edit companies.
    """
    require(work.actor, "companies", "edit")
    media_type = _checked(content)
    repo.put_logo(work, media_type, content)
    work.audit("company.logo_changed", resource="companies", record_id=work.actor.tenant_id, after={"media_type": media_type, "bytes": len(content)})
    return media_type


def logo(work: Work) -> tuple[str, bytes]:
    """Return media type and content of the company's picture.

    Raises:
        NotFound: ERP-1339 when there is none.
    """
    found = repo.logo(work)
    if found is None:
        raise NotFound("ERP-1339", "The company has no picture yet.")
    return found


def _checked(content: bytes) -> str:
    if len(content) > LARGEST:
        raise Invalid("ERP-1338", f"The picture is larger than {LARGEST // 1024} kB.")
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_TYPES)) as picture:  # reads the header only
            kind, pixels = str(picture.format), picture.width * picture.height
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise Invalid("ERP-1338", "The picture is neither PNG nor JPEG.") from error
    if pixels > PIXELS:
        raise Invalid("ERP-1338", f"The picture has more than {PIXELS // 1_000_000} million points.")
    return _TYPES[kind]
