"""A callback that is dialled: over real HTTP both ways, with Twilio's own SDK between.

A server as in production takes what Twilio's stand-in says; the stand-in rings, presses keys and
connects as it is told.
"""

import pytest

from callbacks.models import Callback, Dialling
from callbacks.services import call_lookups, placing
from callbacks.states import CallbackStatus
from teams.clock import database_now
from tests.calls import fire, read, told
from tests.fake_twilio import running
from tests.faults.crowd import server
from tests.processes import database_url, eventually
from tests.telephones import ALICE, BOB, DORA, last_call, make_dialling_team, make_offered

pytestmark = pytest.mark.django_db(transaction=True)
PHONES = {"alice": ALICE, "bob": BOB, "dora": DORA}


@pytest.fixture(scope="module")
def port(django_db_setup):
    with server(database_url(), workers=1) as port:
        yield port


@pytest.fixture
def twilio(settings, port):
    with running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        fake.store.reach = f"http://127.0.0.1:{port}"
        yield fake


def dial(fake, callback, **outcomes):
    """Place the call, let the stand-in tell all of it; return the callback and the call."""
    fake.calls.outcomes = {PHONES[name]: outcome for name, outcome in outcomes.items()}
    eventually(lambda: placing.place_next(now=database_now()), within_s=10)
    fake.calls.settle()
    return read(callback), last_call(callback)


def go_on(callback):
    """Let the next step of a callback be due now."""
    now = database_now()
    Callback.objects.filter(pk=callback.pk).update(look_due_at=now)
    fire(now)


def rung(fake):
    return [made.call["to"] for made in fake.calls.made]


def test_the_agent_is_rung_first(twilio):
    callback = make_offered(make_dialling_team(), now=database_now())

    # Alice presses no key, so Bob is rung. He does; Dora's line is busy.
    callback, call = dial(twilio, callback, alice="silent")
    assert (callback.status, call.result) == (CallbackStatus.OFFERED, "no_answer")
    go_on(callback)
    callback, call = dial(twilio, callback, dora="busy")
    assert (call.agent.name, call.result, call.second_status) == ("Bob", "busy", "busy")
    assert (callback.status, callback.attempt_count) == (CallbackStatus.DUE, 1)
    assert rung(twilio) == [ALICE, BOB, DORA]
    assert "Dora" in twilio.calls.made[1].heard[0]
    assert "not reached" in twilio.calls.made[1].heard[-1]

    # The next try reaches her.
    go_on(callback)
    callback, call = dial(twilio, callback)
    assert (call.position, call.result, call.second_status) == (3, "completed", "completed")
    assert (callback.status, callback.offered_to.name) == (CallbackStatus.CALLING, "Bob")
    assert call.duration_s is not None
    assert told(callback)[-2:] == ["started", "talked"]
    answers = [status for made in twilio.calls.made for _, status in made.answers]
    assert set(answers) == {204}


def test_the_customer_is_rung_first(twilio):
    team = make_dialling_team(dialling=Dialling.CUSTOMER_FIRST, is_detecting_machines=True)
    callback = make_offered(team, now=database_now())

    # A machine is left alone; then Dora waits for Alice, who presses no key.
    callback, call = dial(twilio, callback, dora="machine")
    assert (call.answered_by, call.result) == ("machine_start", "no_answer")
    assert twilio.calls.made[-1].heard == []
    go_on(callback)
    callback, call = dial(twilio, callback, alice="silent")
    assert (call.connected_at, call.result) == (None, "no_answer")
    assert "sorry" in twilio.calls.made[1].heard[-1]

    go_on(callback)
    callback, call = dial(twilio, callback)
    assert (call.result, callback.status) == ("completed", CallbackStatus.CALLING)
    assert rung(twilio) == [DORA, DORA, ALICE, DORA, ALICE]


def test_a_call_that_is_given_up_stops_ringing(twilio):
    twilio.store.step_s = 1.0
    callback = make_offered(make_dialling_team(), now=database_now())
    eventually(lambda: placing.place_next(now=database_now()), within_s=10)
    go_on(callback)
    assert call_lookups.hang_up_next(now=database_now())
    twilio.calls.settle()
    assert twilio.calls.made[0].call["status"] == "canceled"
    assert last_call(callback).agent.name == "Bob"
