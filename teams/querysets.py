"""Named filters over people and teams."""

from django.db import models


class UserQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def active(self) -> "UserQuerySet":
        return self.filter(is_active=True)


class TeamQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def active(self) -> "TeamQuerySet":
        return self.filter(is_active=True)
