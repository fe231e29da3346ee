"""SQL of accounting outside the posting: the template, period locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from erp_app.kernel.uow import Work


def lock_period(work: Work, code: str) -> None:
    """Wait for postings on their way into a month, and keep new ones out until this transaction ends."""
    work.value("SELECT period_lock(%s, %s)", (work.actor.tenant_id, code))


def open_period(work: Work, day: date) -> int:
    """Return the id of the month a day lies in, made now if it is not there yet."""
    work.run("SELECT period_open(%s, %s)", (work.actor.tenant_id, day))
    return int(work.value("SELECT id FROM accounting_period WHERE starts_on = date_trunc('month', %s::date)::date", (day,)))


def give_numbers(work: Work) -> int:
    """Number the journals committed since the last time, without gaps; return how many."""
    return int(work.value("SELECT journal_number_all(%s)", (work.actor.tenant_id,)))


def add_accounts(work: Work, accounts: Sequence[tuple[str, str, str, bool]]) -> None:
    """Insert (code, name, type, kept by party) where the code is missing."""
    codes, names, types, party = zip(*accounts, strict=True)
    work.run(
        "INSERT INTO account (tenant_id, code, name, type, needs_party)"
        " SELECT %s, a.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::boolean[]) a(code, name, type, needs_party)"
        " ON CONFLICT (tenant_id, code) DO NOTHING",
        (work.actor.tenant_id, list(codes), list(names), list(types), list(party)),
    )


def add_mapping(work: Work, mapping: Sequence[tuple[str, str, str, str]]) -> None:
    """Insert (event, item kind, place kind, account code) where the key is missing."""
    events, items, places, codes = zip(*mapping, strict=True)
    work.run(
        "INSERT INTO account_map (tenant_id, event, item_kind, place_kind, account_id)"
        " SELECT %s, m.event, m.item_kind, m.place_kind, a.id FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])"
        " m(event, item_kind, place_kind, code) JOIN account a ON a.tenant_id = %s AND a.code = m.code ON CONFLICT DO NOTHING",
        (work.actor.tenant_id, list(events), list(items), list(places), list(codes), work.actor.tenant_id),
    )
