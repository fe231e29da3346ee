"""docs/access.md says what the code declares; it is written anew when it does not."""

from __future__ import annotations

from tests.security.access_table import TARGET, document
from tests.security.test_endpoints import CALLED
from tests.security.test_handlers import OURS


def test_the_table_of_rights_is_up_to_date():
    wanted = document(OURS, CALLED)
    stored = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if stored != wanted:
        TARGET.write_text(wanted, encoding="utf-8")
    assert stored == wanted, "docs/access.md was out of date and has been written anew: look at what changed, and commit it"


def test_nothing_is_undeclared():
    assert "undeclared)**" not in document(OURS, CALLED)
