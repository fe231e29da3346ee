"""The command line: one file in `erp_app/commands` for each command, found by its name.

A command module has `HELP`, `arguments(parser)` and `run(options) -> int`; `options.data` is its DataFolder. With `TAKES_REST` it
gets the arguments it does not know as `options.rest`. `_name.py` is a part of another command and not shown.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from erp_app import commands
from erp_app.kernel.datafolder import DataFolder
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.errors import ErpError
from erp_app.kernel.installation import ROOT


def parser_for(names: list[str]) -> argparse.ArgumentParser:
    """The parser with the commands `names` (module names; `tenant` is file tenant.py)."""
    parser = argparse.ArgumentParser(prog="./erp", description="Satu ERP. ./erp up starts it.")
    sub = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for name in names:
        module = importlib.import_module(f"erp_app.commands.{name}")
        shown = {} if name.startswith("_") else {"help": module.HELP}
        one = sub.add_parser(name, description=module.HELP, **shown)
        one.add_argument("--data", type=Path, default=None, metavar="FOLDER", help="default: $ERP_DATA, or .data beside ./erp")
        module.arguments(one)
        one.set_defaults(run=module.run, takes_rest=getattr(module, "TAKES_REST", False))
    return parser


def names() -> list[str]:
    """All commands, by their files."""
    return sorted(found.name for found in pkgutil.iter_modules(commands.__path__))


def wanted(arguments: list[str]) -> list[str]:
    """Only the named command has to be loaded; all of them for the overview."""
    first = next((word for word in arguments if not word.startswith("-")), "")
    return [first] if first in names() else names()


def data_folder(given: Path | None) -> DataFolder:
    """The installation a command works on."""
    chosen = given or (Path(value) if (value := os.environ.get("ERP_DATA")) else ROOT / ".data")
    return DataFolder(Path(os.path.abspath(chosen.expanduser())))  # noqa: PTH100 - a symbolic link stays as it was given


def main(arguments: list[str] | None = None) -> int:
    """Run one command; refusals are one line on standard error and exit code 1."""
    words = sys.argv[1:] if arguments is None else arguments
    options, rest = parser_for(wanted(words)).parse_known_args(words)
    options.rest = rest
    if rest and not options.takes_rest:
        parser_for(wanted(words)).error(f"unknown argument: {' '.join(rest)}")
    options.data = data_folder(options.data)
    try:
        return int(_run(options))
    except (ServerError, ErpError) as refused:
        return _complain(str(refused))
    except psycopg.OperationalError as error:
        return _complain(f"the database is away: {str(error).strip().splitlines()[0]}")
    except OSError as error:
        return _complain(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except KeyboardInterrupt:
        return 130


def _run(options: Any) -> int:
    try:
        return int(options.run(options))
    except BrokenPipeError:
        with suppress(OSError):
            sys.stdout.close()
        return 0


def _complain(text: str) -> int:
    sys.stderr.write(f"erp: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
