"""A team that dials, and Twilio as it knocks on the doors of its calls."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from twilio.request_validator import RequestValidator

from callbacks.models import CallAttempt, Callback, Dialling
from channels.providers.signing import FORM_TYPE
from teams.models import Team
from tests.calls import fire, make_callback, read, set_up
from tests.factories import ACCOUNT_SID, AUTH_TOKEN, make_agent, make_channel, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

ALICE, BOB, DORA = "+81355501111", "+81355502222", "+819012345678"
SID, OTHER_SID = "CA" + "1" * 32, "CA" + "2" * 32


def make_dialling_team(*, phones: tuple[str, str] = (ALICE, BOB), **fields: Any) -> Team:
    """Make a team of Alice and Bob, in this order, that dials."""
    alice = make_agent(name="Alice", phone=phones[0])
    bob = make_agent(name="Bob", phone=phones[1])
    team = make_team(members=(alice, bob))
    values = {
        "dialling": Dialling.AGENT_FIRST,
        "voice_channel": make_channel(name="Voice", medium="sms"),
        **fields,
    }
    set_up(team, **values)
    return team


def make_offered(team: Team, *, now: datetime = MORNING, **fields: Any) -> Callback:
    """Make a callback of Dora's that is due now, and that somebody has been offered."""
    callback = make_callback(team=team, due_at=now, **{"number": DORA, "name": "Dora", **fields})
    fire(now)
    return read(callback)


def last_call(callback: Callback) -> CallAttempt:
    return callback.attempts.select_related("agent", "channel").latest("position")


def knock(
    attempt: CallAttempt, step: str, *, token: str = AUTH_TOKEN, sid: str = SID, **fields: str
) -> HttpResponse:
    """Post what Twilio says about a call, signed with the account's token."""
    path = f"/webhooks/voice/{attempt.token}/{step}/"
    given = {"CallSid": sid, "AccountSid": ACCOUNT_SID, "CallStatus": "in-progress", **fields}
    signature = RequestValidator(token).compute_signature(
        f"{settings.PUBLIC_BASE_URL}{path}", given
    )
    answer: Any = Client().post(
        path, urlencode(given), content_type=FORM_TYPE, headers={"X-Twilio-Signature": signature}
    )
    return answer


def tell(attempt: CallAttempt, status: str, sequence: int, **fields: str) -> HttpResponse:
    """Post a report about the call to whom was rung first."""
    return knock(attempt, "status", CallStatus=status, SequenceNumber=str(sequence), **fields)


def verbs(answer: HttpResponse) -> list[str]:
    """Return what Twilio is told to do, in order."""
    assert answer.status_code == 200
    return [verb.tag for verb in ElementTree.fromstring(answer.content)]
