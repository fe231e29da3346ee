"""The general limit of requests: 100 a minute for each user over all processes, or the user's own limit."""

from __future__ import annotations

from erp_app.iam import throttle
from erp_app.iam.identity import Identity
from erp_app.kernel import limits
from erp_app.kernel.errors import Throttled


def check_rate(who: Identity) -> None:
    """Count a request of a user.

    Raises:
        Throttled: ERP-1314 with `retry_after`, when the limit of the last minute is reached.
    """
    allowed = who.requests_per_minute or limits.REQUESTS_PER_MINUTE
    wait = throttle.wait_for(f"requests:{who.actor.tenant_id}:{who.actor.user_id}", allowed)
    if wait:
        raise Throttled("ERP-1314", f"More than {allowed} requests in a minute. Try again in {wait} seconds.", data={"retry_after": wait})
