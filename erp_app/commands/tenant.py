"""`./erp tenant add CODE NAME`: a new company, with its roles, places and chart of accounts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from erp_app.kernel.installation import installation

if TYPE_CHECKING:
    import argparse

HELP = "add a company"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("what", choices=["add"])
    parser.add_argument("code", metavar="CODE", help="short unique word, such as ACME")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--currency", help="ISO code (default: the product's)")
    parser.add_argument("--tz", help="time zone such as Asia/Jakarta")


def run(options: argparse.Namespace) -> int:
    """Found the company."""
    with installation(options.data):
        import erp_app.domains  # noqa: F401 - what belongs to a new company is registered by its parts
        from erp_app.iam.service import create_tenant

        details = {name: value for name in ("currency", "tz") if (value := getattr(options, name))}
        create_tenant(options.code, options.name, details)
    sys.stdout.write(f"Company {options.code} was added. Next: ./erp user add --tenant {options.code} --role admin NAME\n")
    return 0
