"""Workers step back for people: each keeps to one processor, and so does its database process; whoever works for a screen has them all."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from erp_app.kernel import db
from erp_app.kernel.installation import ROOT

WORKER = """
import json, os, sys
from erp_app.kernel import db
from workers import gentle
gentle.step_back(sys.argv[1])
with db.connection() as conn:
    backend = conn.info.backend_pid
    print(json.dumps([sorted(os.sched_getaffinity(pid)) for pid in (0, backend)] + [os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, backend)]))
"""


def worker(name: str) -> tuple[list[int], list[int], int, int]:
    """What a worker's process has, asked there: its processors and its database process's, and the priority of both."""
    ran = subprocess.run([sys.executable, "-c", WORKER, name], env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT, capture_output=True, check=True)
    ours, backends, priority, backend_priority = json.loads(ran.stdout)
    return ours, backends, priority, backend_priority


@pytest.mark.parametrize("name", ["1", "2", "extra-4711", "by hand"])
def test_a_worker_and_its_database_process_keep_to_one_processor(database: str, name: str) -> None:
    ours, backends, priority, backend_priority = worker(name)
    assert len(ours) == 1
    assert backends == ours
    assert priority > backend_priority == os.getpriority(os.PRIO_PROCESS, 0)


def test_workers_take_the_processors_by_turns_from_the_last(database: str) -> None:
    processors = sorted(os.sched_getaffinity(0), reverse=True)
    assert [worker(str(number))[0] for number in (1, 2, 3)] == [[processors[turn % len(processors)]] for turn in range(3)]


def test_the_processes_behind_the_screens_have_all_processors(database: str) -> None:
    with db.connection() as conn:
        assert os.sched_getaffinity(conn.info.backend_pid) == os.sched_getaffinity(0)
