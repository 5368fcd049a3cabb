"""The desk of a flow: whether it is on."""

from datetime import datetime

from routing.engine.facts import Desk, Strategy, Target
from routing.models import Flow


def load(target: Target, *, at: datetime) -> Desk:
    """Return a flow as a decision sees it. One that is gone is one that is off."""
    found = Flow.objects.filter(pk=target.id).values_list("name", "is_active").first()
    name, is_active = found or ("", False)
    return Desk(target, name, Strategy.DIRECT, (), is_active=is_active, is_flow=True)
