"""The company's picture is a picture, and small."""

from __future__ import annotations

import io

import pytest
from PIL import Image

import erp_app.domains  # noqa: F401 - the right to edit companies
from erp_app.iam import logo, service
from erp_app.kernel.errors import Forbidden, Invalid, NotFound
from erp_app.kernel.uow import unit_of_work


def picture(kind="PNG", size=(40, 20)):
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


def admin_of(company):
    return service.actor_of(company.id, company.users["admin"])


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_a_picture_is_stored_and_replaced(town, kind, media_type):
    for content in (picture(), picture(kind)):
        with unit_of_work(admin_of(town.ours)) as work:
            logo.put_logo(work, content)
    with unit_of_work(admin_of(town.ours)) as work:
        assert logo.logo(work) == (media_type, picture(kind))
    with pytest.raises(NotFound), unit_of_work(admin_of(town.theirs)) as work:
        logo.logo(work)


@pytest.mark.parametrize("content", [
    b"", b"<svg onload=alert(1)>", b"\x89PNG nothing", picture("GIF"), picture(size=(3000, 3000)), b"\xff\xd8\xff" + b"x" * 600_000,
])
def test_what_is_no_small_picture_is_refused(town, content):
    with pytest.raises(Invalid), unit_of_work(admin_of(town.ours)) as work:
        logo.put_logo(work, content)


def test_only_who_may_edit_the_company_changes_it(town):
    with pytest.raises(Forbidden), unit_of_work(service.actor_of(town.ours.id, town.ours.users["manager"])) as work:
        logo.put_logo(work, picture())
