"""`./erp demo`: load the demo company into an installation that was started without it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from erp_app.kernel.installation import installation

if TYPE_CHECKING:
    import argparse

HELP = "load the demo company"


def arguments(_parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(options: argparse.Namespace) -> int:
    """Load it unless it is there."""
    with installation(options.data):
        from erp_app import demo

        loaded = demo.load()
    sys.stdout.write("Demo company loaded.\n" if loaded else "The demo company is there already.\n")
    return 0
