"""What a provider's error code means, in a sentence and for the message it is about."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error code means for a person, and for the message it is about."""

    sentence: str
    outcome: Literal["permanent", "retry"] = "permanent"
    is_channel_broken: bool = False
    is_opt_out: bool = False
