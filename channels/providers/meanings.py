"""A provider's words and error codes, in ours: one shape for every provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from channels.providers.base import SendError

HTTP_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error code means for a person, and for the message it is about."""

    sentence: str
    outcome: Literal["permanent", "retry"] = "permanent"
    is_channel_broken: bool = False
    is_opt_out: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All that a provider says about a message of ours. Sentences are English and translatable.

    `unexplained` is said of a failure without a code, `unknown_code` of one that nobody knows.
    """

    statuses: Mapping[str, str]
    meanings: Mapping[str, Meaning]
    unexplained: str
    unknown_code: str

    def normal_status(self, word: str) -> str | None:
        """Return our own word for the provider's; None for words that say nothing to us."""
        return self.statuses.get(word.strip().lower())

    def meaning_of(self, code: str) -> Meaning | None:
        """Return what we know about a code; None for one that we do not know."""
        return self.meanings.get(code)

    def describe_error(self, code: str) -> str:
        """Return one sentence for people; a code that we do not know is for them to look up."""
        if not code:
            return self.unexplained
        meaning = self.meaning_of(code)
        return meaning.sentence if meaning else self.unknown_code

    def refusal(self, code: str, *, status: int, retry_after_s: float | None) -> SendError:
        """Return what a call that was refused with this code means: the message was not taken."""
        meaning = self.meaning_of(code) or Meaning(self.describe_error(code))
        if meaning.outcome == "retry":
            return SendError("retry", code, meaning.sentence, retry_after_s=retry_after_s)
        return SendError(
            "permanent",
            code,
            meaning.sentence,
            is_channel_broken=meaning.is_channel_broken or status == HTTP_UNAUTHORIZED,
            is_opt_out=meaning.is_opt_out,
        )


class Speaker:
    """The part of an adapter that knows its provider's words."""

    vocabulary: Vocabulary

    def normal_status(self, word: str) -> str | None:
        return self.vocabulary.normal_status(word)

    def is_opt_out(self, code: str) -> bool:
        meaning = self.vocabulary.meaning_of(code)
        return meaning is not None and meaning.is_opt_out

    def is_passing(self, code: str) -> bool:
        meaning = self.vocabulary.meaning_of(code)
        return meaning is not None and meaning.outcome == "retry"

    def describe_error(self, code: str) -> str:
        return self.vocabulary.describe_error(code)
