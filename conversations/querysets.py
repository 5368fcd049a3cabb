"""Named filters over conversations, events and deliveries, and who may see which."""

from datetime import datetime
from typing import Any

from django.db import models

from conversations.ratings import Summary, summarise
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


class SurveyQuerySet(models.QuerySet[Any]):
    def summary(self) -> Summary:
        """Count the ratings of these rows, and how many customers were asked, in two queries."""
        rows = self.order_by()
        answered = rows.filter(rating__isnull=False)
        counts = answered.values("rating").annotate(number=models.Count("pk", distinct=True))
        asked = rows.filter(question__isnull=False).values("pk").distinct().count()
        return summarise({row["rating"]: row["number"] for row in counts}, asked=asked)


class EventQuerySet(models.QuerySet[Any]):
    def unpublished(self) -> "EventQuerySet":
        """The outbox: what the endpoints have not been told of, oldest first."""
        return self.filter(published_at=None).order_by("pk")


class EndpointDeliveryQuerySet(models.QuerySet[Any]):
    def pending(self) -> "EndpointDeliveryQuerySet":
        return self.filter(status="pending")

    def dead(self) -> "EndpointDeliveryQuerySet":
        """The dead letters: tried for three days, or not to be sent at all."""
        return self.filter(status="dead")

    def due(self, *, now: datetime) -> "EndpointDeliveryQuerySet":
        return self.filter(due_at__lte=now).order_by("due_at", "pk")

    def under_way(self, *, now: datetime) -> "EndpointDeliveryQuerySet":
        """Those that somebody is sending right now."""
        return self.filter(lease_until__gt=now)

    def heads_at_rest(self) -> "EndpointDeliveryQuerySet":
        """The first pending delivery of each lane in which nothing is due: nobody would send it."""
        at_rest = (
            self.pending()
            .order_by()
            .values("endpoint_id", "ordering_key")
            .annotate(head=models.Min("pk"), due=models.Count("due_at"))
            .filter(due=0)
            .values("head")
        )
        return self.model._default_manager.filter(pk__in=at_rest)  # type: ignore[no-any-return]
