"""Named filters over callbacks, and who may see which."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Cast, Coalesce

from callbacks.states import LIVE, PENDING
from teams.models import Role, User

#: A callback of a team without settings of its own is late after this.
USUAL_LATE_AFTER_S = 300
_SECOND = timedelta(seconds=1)


class CallbackQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> "CallbackQuerySet":
        """Narrow to what `user` may see.

        Owners and administrators see all. Everybody else sees those of their teams, and their own:
        what they promised, own, are preferred for, or have to call.
        """
        if user.role >= Role.ADMINISTRATOR:
            return self.all()
        return self.filter(Q(team__in=user.teams.values("pk")) | mine(user))

    def pending(self) -> "CallbackQuerySet":
        """Promises that still stand."""
        return self.filter(status__in=sorted(PENDING))

    def live(self) -> "CallbackQuerySet":
        """Those whose time has come, and that are not over."""
        return self.filter(status__in=sorted(LIVE))

    def late(self, now: datetime) -> "CallbackQuerySet":
        """Live ones that nobody has tried within the time that their team allows."""
        of_team = Coalesce(F("team__callback_settings__late_after_s"), USUAL_LATE_AFTER_S)
        after_s = Cast(of_team, models.IntegerField())
        after = ExpressionWrapper(after_s * Value(_SECOND), output_field=DurationField())
        late_at = ExpressionWrapper(F("due_at") + after, output_field=DateTimeField())
        untried = self.live().filter(first_tried_at=None)
        late: CallbackQuerySet = untried.alias(late_at=late_at).filter(late_at__lt=now)
        return late


def mine(user: User) -> Q:
    """Return which callbacks are a person's own."""
    return Q(owner=user) | Q(preferred_agent=user) | Q(offered_to=user) | Q(created_by=user)
