"""What has to happen now and then without anybody asking. Each task may run twice or on two relays at once without harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from erp_app.costing import sealing
from erp_app.kernel import audit, clock, db, delivery, log
from erp_app.kernel.actor import system_actor
from erp_app.kernel.limits import EVENTS_KEPT_DAYS, NOTIFICATIONS_KEPT_DAYS
from erp_app.kernel.uow import unit_of_work
from erp_app.notify import repo as notifications

HOUR = 3600.0


@dataclass(frozen=True)
class Task:
    """One recurring task: its name, its interval in seconds, and what it does for one tenant."""

    name: str
    every: float
    work: Callable[[int], int]


def forget_old_events(tenant_id: int) -> int:
    """Remove delivered events after a month; the audit keeps what happened."""
    with unit_of_work(system_actor(tenant_id)) as work:
        return delivery.forget(work.conn, tenant_id, EVENTS_KEPT_DAYS)


def ask_for_anomalies(tenant_id: int) -> int:
    """Have a worker run the tenant's anomaly rules: the relay itself must never be busy with anything long."""
    with unit_of_work(system_actor(tenant_id)) as work:
        work.emit("anomalies.due", {})
    return 1


def ask_for_checkpoints(tenant_id: int) -> int:
    """Have a worker seal the costs of all items that moved, once a week; wake it when a run still waits."""
    with unit_of_work(system_actor(tenant_id)) as work:
        return int(sealing.ask_for_week(work))


def forget_read_notifications(tenant_id: int) -> int:
    """Remove notifications some time after they were read."""
    with unit_of_work(system_actor(tenant_id)) as work:
        return notifications.forget(work, NOTIFICATIONS_KEPT_DAYS)


TASKS = (
    Task("events.forget", 6 * HOUR, forget_old_events), Task("notifications.forget", 6 * HOUR, forget_read_notifications),
    Task("anomalies.find", HOUR, ask_for_anomalies), Task("checkpoints.seal", HOUR, ask_for_checkpoints),
)


class Schedule:
    """Knows when each task ran last in this process; the first run comes one interval after the start."""

    def __init__(self, tasks: tuple[Task, ...] = TASKS) -> None:
        self.tasks = tasks
        self.last = {task.name: clock.monotonic() for task in tasks}

    def tick(self, relay: db.Connection) -> int:
        """Run what is due for every tenant; return the number of tasks run."""
        due = [task for task in self.tasks if clock.monotonic() - self.last[task.name] >= task.every]
        for task in due:
            self.last[task.name] = clock.monotonic()
            for tenant in audit.tenants(relay):
                log.logger("schedule").info(task.name, tenant=tenant, rows=task.work(tenant))
        return len(due)
