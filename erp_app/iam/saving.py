"""What must hold when companies and users are saved; who may make an administrator is checked by the database (15_iam.sql)."""

from __future__ import annotations

from zoneinfo import available_timezones

from erp_app.iam import rules
from erp_app.iam.models import Tenant, UserAccount
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.uow import Work

HIGHEST_RATE = 10_000  # requests a minute a service account may be given
CURRENCY_LETTERS = 3  # ISO 4217


def check_company(work: Work, company: Tenant) -> None:
    """Check zone, currency and colour of a company.

    Raises:
        Invalid: ERP-1320 with the field's name.
        Refused: ERP-1321 when it would be switched off from within.
    """
    if company.tz not in available_timezones():
        raise Invalid("ERP-1320", f"{company.tz!r} is no time zone; write one like Asia/Jakarta.", errors={"tz": "Unknown time zone."})
    if len(company.currency) != CURRENCY_LETTERS or not company.currency.isalpha():
        raise Invalid("ERP-1320", "A currency has three letters, like IDR.", errors={"currency": "Three letters."})
    if company.exponent not in (0, 2, 3):
        raise Invalid("ERP-1320", "A currency has 0, 2 or 3 decimals.", errors={"exponent": "0, 2 or 3."})
    if not company.active and work.actor.tenant_id == company.tenant_id:
        raise Refused("ERP-1321", "A company cannot switch itself off.")


def check_user(_work: Work, user: UserAccount) -> None:
    """Check username and rate of a user.

    Raises:
        Invalid: ERP-1323 for a malformed username or rate.
    """
    problem = rules.username_problem(user.code)
    if problem:
        raise Invalid("ERP-1323", problem, errors={"code": problem})
    if user.requests_per_minute is not None and not 1 <= user.requests_per_minute <= HIGHEST_RATE:
        raise Invalid("ERP-1323", f"The rate is 1 to {HIGHEST_RATE} requests a minute.", errors={"requests_per_minute": f"1 to {HIGHEST_RATE}."})
