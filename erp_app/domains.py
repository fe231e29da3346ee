"""The list of everything the product knows: importing this module registers all tables and document types."""

from __future__ import annotations

from sqlmodel import SQLModel

from erp_app.document import models as _document
from erp_app.kernel import models as _kernel

metadata = SQLModel.metadata

__all__ = ["metadata"]
