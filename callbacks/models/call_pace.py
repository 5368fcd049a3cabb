"""When an account may place its next call. Its channels share it."""

from django.db import models


class CallPace(models.Model):
    account_sid = models.CharField(max_length=64, primary_key=True)
    # Before this instant no call may be placed.
    ready_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_sid} {self.ready_at}"
