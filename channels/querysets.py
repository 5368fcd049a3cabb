"""Named filters over endpoints."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q


class EndpointQuerySet(models.QuerySet[Any]):
    def active(self) -> "EndpointQuerySet":
        """Those that events are kept for, whether they are sent at the moment or not."""
        return self.filter(is_active=True)

    def open_for_calls(self, *, now: datetime) -> "EndpointQuerySet":
        """Those that may be called now."""
        held = Q(held_until__gt=now)
        return self.filter(is_active=True, paused_at=None).exclude(held)

    def in_trouble(self) -> "EndpointQuerySet":
        """Those that fail, or were paused because of it."""
        return self.active().filter(Q(paused_at__isnull=False) | Q(failing_since__isnull=False))
