"""Why an AI agent gave a conversation to people, in codes and in words. Pure."""

from enum import StrEnum

from routing.engine.phrases import _


class HandoverReason(StrEnum):
    ASKED = "asked"  # the AI agent asked for a person
    NO_ANSWER = "no_answer"  # it knows no answer
    WORDS = "words"  # the customer used one of the words that mean a person
    CALLBACK = "callback"  # the customer wants to be phoned: people arrange that
    TURNS = "turns"  # it answered as often as it may
    BUDGET = "budget"
    TIMEOUT = "timeout"
    ERROR = "error"
    OFF = "off"  # it was stopped
    UNSENDABLE = "unsendable"  # the customer may not be written to
    TAKEN = "taken"  # a person answered or took it


#: Sentences with the hole `name`, for the explanation.
SENTENCES: dict[str, str] = {
    HandoverReason.ASKED: _("AI agent %(name)s asked for a person."),
    HandoverReason.NO_ANSWER: _("AI agent %(name)s knew no answer."),
    HandoverReason.WORDS: _("The customer asked AI agent %(name)s for a person."),
    HandoverReason.CALLBACK: _("The customer told AI agent %(name)s to have somebody call."),
    HandoverReason.TURNS: _("AI agent %(name)s answered as often as it may."),
    HandoverReason.BUDGET: _("AI agent %(name)s has used up its budget."),
    HandoverReason.TIMEOUT: _("AI agent %(name)s did not answer in time."),
    HandoverReason.ERROR: _("AI agent %(name)s failed."),
    HandoverReason.OFF: _("AI agent %(name)s was stopped."),
    HandoverReason.UNSENDABLE: _("AI agent %(name)s may not write to this customer."),
    HandoverReason.TAKEN: _("It was taken from AI agent %(name)s."),
}
