"""Named filters over conversations, and who may see which."""

from typing import Any

from django.db import models

from conversations.states import OPEN
from teams.models import Role, User


class ConversationQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> "ConversationQuerySet":
        """Narrow to what `user` may see.

        Owners and administrators see all. Everybody else sees their teams' and their own
        conversations, and those that belong to no team and nobody yet; supervisors also see
        whatever a member of their teams has, with a team or without.
        """
        if user.role >= Role.ADMINISTRATOR:
            return self.all()
        own_teams = user.teams.values("pk")
        visible = models.Q(team__in=own_teams) | models.Q(assignee=user)
        visible |= models.Q(team__isnull=True, assignee__isnull=True)
        if user.role >= Role.SUPERVISOR:
            visible |= models.Q(assignee__in=User.objects.filter(teams__in=own_teams))
        return self.filter(visible)

    def open(self) -> "ConversationQuerySet":
        return self.filter(status__in=sorted(OPEN))

    def waiting(self) -> "ConversationQuerySet":
        """Open conversations that nobody has: the queue."""
        return self.open().filter(assignee__isnull=True)

    def in_queue_order(self) -> "ConversationQuerySet":
        """Priority first, then whoever waits longest."""
        return self.order_by("-priority", models.F("waiting_since").asc(nulls_last=True), "pk")
