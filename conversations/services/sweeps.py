"""The sweeps of `teams.services.sweeps`, under the name they had here."""

from teams.services.sweeps import FAILURE_RETRY, do_next

__all__ = ["FAILURE_RETRY", "do_next"]
