"""Background work steps back for people: a worker, and its database process where that runs on this machine, get less of a busy processor.

Nothing is slower on a machine that has time; on one that has not, whoever waits at a screen comes first.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from erp_app.kernel.db import Connection

STEP_BACK = 10


def step_back() -> None:
    """Let this process step back, once for all."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(STEP_BACK, os.getpriority(os.PRIO_PROCESS, 0)))


def step_back_with(conn: Connection) -> None:
    """Let the database process of a worker's connection step back too; without effect when it is not ours, or elsewhere."""
    if not conn.info.host.startswith("/"):
        return
    with suppress(OSError, psutil.Error):
        process = psutil.Process(conn.info.backend_pid)
        if process.name().startswith("postgres") and process.nice() < STEP_BACK:
            process.nice(STEP_BACK)
