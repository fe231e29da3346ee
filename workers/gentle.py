"""Background work steps back for people: a worker gets less of a busy processor.

Nothing is slower on a machine that has time; on one that has not, whoever waits at a screen comes first. The worker's database process
keeps its priority: it holds short locks on pages everybody needs, and one that sleeps with such a lock holds everybody up (ADR 0011).
"""

from __future__ import annotations

import os
from contextlib import suppress

STEP_BACK = 10


def step_back() -> None:
    """Let this process step back, once for all."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(STEP_BACK, os.getpriority(os.PRIO_PROCESS, 0)))
