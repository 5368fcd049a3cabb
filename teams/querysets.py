"""Named filters over people and teams."""

from typing import Any

from django.db import models


class UserQuerySet(models.QuerySet[Any]):
    def active(self) -> "UserQuerySet":
        return self.filter(is_active=True)


class TeamQuerySet(models.QuerySet[Any]):
    def active(self) -> "TeamQuerySet":
        return self.filter(is_active=True)
