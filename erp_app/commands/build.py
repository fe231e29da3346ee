"""`./erp build`: compile the screens ahead of a start, as an image or a package wants it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from erp_app.kernel import build, clock
from erp_app.kernel.installation import ROOT

if TYPE_CHECKING:
    import argparse

HELP = "compile the screens, if a source has changed"


def arguments(_parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(options: argparse.Namespace) -> int:
    """Compile; needs no server."""
    started = clock.monotonic()
    options.data.make()
    if build.is_current():
        sys.stdout.write("The screens are up to date.\n")
        return 0
    build.build(dict(os.environ) | {"PYTHONPATH": str(ROOT), "ERP_DATA": str(options.data.path)}, options.data.log("build"))
    sys.stdout.write(f"The screens were built in {clock.monotonic() - started:.0f} s.\n")
    return 0
