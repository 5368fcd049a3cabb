"""What people hear on a call of ours, and where Twilio asks what comes next.

Who is rung first hears who it is about and presses a key: an answering machine never does, so no
customer is ever connected with one of ours.
"""

from collections.abc import Callable

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from callbacks.models import CallAttempt, Callback, Leg
from channels.providers.text import clean, shorten
from channels.providers.voice import AskKey, Connect, HangUp, OutboundCall, Script, Speech
from teams.models import User

LONGEST_NAME = 80


def url_of(attempt: CallAttempt, *, step: str) -> str:
    """Return where Twilio asks or tells about a call: its token says which call of ours it is."""
    return f"{settings.PUBLIC_BASE_URL}/webhooks/voice/{attempt.token}/{step}/"


def outbound(attempt: CallAttempt, callback: Callback) -> OutboundCall:
    """Return the call to whoever is rung first."""
    is_agent_first = attempt.first_leg == Leg.AGENT
    return OutboundCall(
        to_number=attempt.first_number,
        from_number=attempt.caller_id,
        ring_s=attempt.ring_s,
        status_url=url_of(attempt, step="status"),
        answer_url=url_of(attempt, step="answered"),
        script=ask_agent(attempt, callback) if is_agent_first else None,
        is_detecting_machines=attempt.is_detecting_machines,
    )


def ask_agent(attempt: CallAttempt, callback: Callback) -> AskKey:
    """Ask whoever has the callback to press a key, wherever they are rung in it."""
    is_first = attempt.first_leg == Leg.AGENT

    def words() -> str:
        name = _name(callback.name or callback.identity.contact.name)
        if not name:
            return _("A customer is to be called back. Press any key to be connected.")
        if is_first:
            return _("%(name)s is to be called back. Press any key to be connected.") % {
                "name": name
            }
        return _("%(name)s is on the line. Press any key to be connected.") % {"name": name}

    step = "accepted" if is_first else "screened"
    return AskKey(_to_agent(attempt.agent, words), url_of(attempt, step=step))


def ring_customer(attempt: CallAttempt) -> Connect:
    """Ring the customer: the person on the line pressed a key."""
    return _connect(attempt, number=attempt.number)


def ring_agent(attempt: CallAttempt, callback: Callback) -> Connect:
    """Ring the person who has the callback: the customer is on the line."""

    def words() -> str:
        name = _name(callback.caller_id_name)
        if not name:
            return _("Hello. This is the call that you asked for. Please hold the line.")
        return _(
            "Hello. This is %(name)s with the call that you asked for. Please hold the line."
        ) % {"name": name}

    return _connect(
        attempt,
        number=attempt.agent_number,
        screen_url=url_of(attempt, step="screen"),
        speech=_to_customer(callback, words),
    )


def _connect(
    attempt: CallAttempt, *, number: str, screen_url: str = "", speech: Speech | None = None
) -> Connect:
    return Connect(
        number=number,
        caller_id=attempt.caller_id,
        ring_s=attempt.ring_s,
        then_url=url_of(attempt, step="connected"),
        status_url=url_of(attempt, step="second-status"),
        screen_url=screen_url,
        speech=speech,
    )


def not_wanted(attempt: CallAttempt) -> Script:
    """Answer whoever presses a key after the callback went to somebody else."""
    return HangUp(
        _to_agent(attempt.agent, lambda: _("Somebody else has this callback now. Goodbye."))
    )


def not_reached(attempt: CallAttempt, callback: Callback) -> Script:
    """Tell whoever is on the line that nobody answered."""
    if attempt.first_leg == Leg.CUSTOMER:
        return HangUp(
            _to_customer(
                callback,
                lambda: _("We are sorry. Nobody can come to the phone just now. Goodbye."),
            )
        )
    return HangUp(_to_agent(attempt.agent, lambda: _("The customer was not reached. Goodbye.")))


def _to_agent(agent: User | None, words: Callable[[], str]) -> Speech:
    return _said(agent.language if agent else "", words)


def _to_customer(callback: Callback, words: Callable[[], str]) -> Speech:
    return _said(callback.identity.contact.language, words)


def _said(language: str, words: Callable[[], str]) -> Speech:
    known = {code for code, _name in settings.LANGUAGES}
    spoken = language if language in known else settings.LANGUAGE_CODE
    with translation.override(spoken):
        return Speech(words(), spoken)


def _name(text: str) -> str:
    return shorten(clean(" ".join(text.split())), limit=LONGEST_NAME)
