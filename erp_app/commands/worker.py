"""`./erp worker`: one more job worker for a running installation, until Ctrl-C."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from erp_app.kernel.embedded import ServerError
from erp_app.kernel.installation import ROOT, child_env, this_python

if TYPE_CHECKING:
    import argparse

HELP = "run one more job worker beside the running system"


def arguments(_parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(options: argparse.Namespace) -> int:
    """Become a worker of the running system."""
    endpoints = options.data.running()
    if endpoints is None:
        raise ServerError(f"nothing is running on {options.data.path}; ./erp up starts workers too")
    environment = child_env(options.data, endpoints) | {"ERP_WORKER": f"extra-{os.getpid()}"}
    return subprocess.run(this_python("-m", "workers.main"), cwd=ROOT, env=environment, check=False).returncode  # noqa: S603
