"""Choosing what the simulated provider does with a message."""

from datetime import datetime

from channels.models import PlayedSend


def plan_fault(reference: str, *, fault: str, now: datetime) -> PlayedSend:
    """Let the send with this reference end in a fault, once. Runs before it is committed."""
    return PlayedSend.objects.create(reference=reference, fault=fault, created_at=now)
