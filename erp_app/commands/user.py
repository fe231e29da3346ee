"""`./erp user add --tenant CODE --role ROLE NAME` and `./erp user password --tenant CODE NAME`: the password comes from standard input."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import TYPE_CHECKING

from erp_app.kernel.embedded import ServerError
from erp_app.kernel.installation import installation

if TYPE_CHECKING:
    import argparse

HELP = "add a person to a company, or give a new password (read from standard input)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("what", choices=["add", "password"])
    parser.add_argument("name", metavar="NAME", help="the name to log in with")
    parser.add_argument("--tenant", required=True, metavar="CODE")
    parser.add_argument("--role", action="append", default=[], help="may be given more than once (add: at least once)")
    parser.add_argument("--full-name", default="")


def run(options: argparse.Namespace) -> int:
    """Add the person, or set the password, which ends all sessions of that person."""
    if options.what == "add" and not options.role:
        raise ServerError("say what the person may do, for example --role admin")
    password = read_password()
    with installation(options.data):
        import erp_app.domains  # noqa: F401 - rights name document types, which register by being imported
        from erp_app.iam import repo, service
        from erp_app.kernel.actor import system_actor
        from erp_app.kernel.uow import unit_of_work

        with unit_of_work(system_actor(service.find_tenant(options.tenant), "cli")) as work:
            if options.what == "add":
                service.create_user(work, options.name, options.full_name, roles=options.role, password=password, operator=True)
            else:
                user_id = repo.user_id_of(work, options.name)
                if user_id is None:
                    raise ServerError(f"there is no user {options.name} in company {options.tenant}")
                service.set_password(work, user_id, password, operator=True)
    sys.stdout.write(f"User {options.name} was added.\n" if options.what == "add" else f"User {options.name} has a new password.\n")
    return 0


def read_password() -> str:
    """One line of standard input; at a terminal it is not shown and asked for twice."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass("Password: ")
    if getpass("Once more: ") != first:
        raise ServerError("the two passwords differ")
    return first
