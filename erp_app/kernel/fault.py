"""Named fault points: where a crash would hurt most, so that tests can crash exactly there.

A point does nothing unless the environment names a folder (ERP_FAULTS); a test arms a point by putting a file of its name there.
The process that takes the file away kills itself with SIGKILL, as a power cut or the kernel's memory killer would.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

_FOLDER = os.environ.get("ERP_FAULTS")


def fault(name: str) -> None:
    """End this process here and now, if a test has armed the point `name`; the point is disarmed by it."""
    if _FOLDER is None:
        return
    try:
        (Path(_FOLDER) / name).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
