"""Background work steps back for people: a worker gets less of a busy processor, and keeps to one processor of several.

Nothing is slower on a machine that has time; on one that has not, whoever waits at a screen comes first. A worker and its database process
work by turns, so one processor is enough for both; if they used all of them, a person's process that wakes up would stand behind one of the two
for milliseconds, because the kernel interrupts nobody for it (ADR 0011). The database process keeps its priority: it holds short locks on
pages everybody needs, and one that sleeps with such a lock holds everybody up.
"""

from __future__ import annotations

import os
from contextlib import suppress

import psutil

from erp_app.kernel import db

STEP_BACK = 10
POSTGRES = "postgres: "  # how a database process calls itself


def step_back(worker: str = "1") -> None:
    """Let this process step back, once for all, and its database processes keep to the same processor.

    Args:
        worker: its name, with its number from 1: the first works on the last processor, the second on the one before.
    """
    number = int("".join(filter(str.isdecimal, worker)) or 1)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(STEP_BACK, os.getpriority(os.PRIO_PROCESS, 0)))
    if not hasattr(os, "sched_setaffinity"):
        return  # not Linux: the system decides
    processors = sorted(os.sched_getaffinity(0), reverse=True)
    with suppress(OSError):
        os.sched_setaffinity(0, {processors[(number - 1) % len(processors)]})
    db.when_connected(_stay_together)


def _stay_together(conn: db.Connection) -> None:
    """Let a connection's database process work where this one does, if it is on this machine and ours to move."""
    if not conn.info.host.startswith("/"):
        return
    with suppress(OSError, psutil.Error):
        process = psutil.Process(conn.info.backend_pid)
        if "".join(process.cmdline()).startswith(POSTGRES):  # and not somebody else's number, behind a socket from another container
            os.sched_setaffinity(process.pid, os.sched_getaffinity(0))
