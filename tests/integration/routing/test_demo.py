"""The fictional shop: consistent, believable, repeatable, and never beside real data."""

import random
import re
import statistics
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import TestCase

from callbacks.demo import telling
from callbacks.models import Callback
from callbacks.states import CallbackStatus
from channels.models import Channel, Envelope, Provider
from channels.providers.base import StatusUpdate
from conversations import invariants as conversation_invariants
from conversations.actors import Actor
from conversations.models import (
    Contact,
    Conversation,
    DeliveryReport,
    Event,
    Identity,
    Message,
    Survey,
)
from conversations.services import closing, delivery, lifecycle, replies, reports
from conversations.states import OPEN
from routing import invariants as routing_invariants
from routing import loaders
from routing.demo import access, folder, founding, history, shop
from routing.demo.archive import Archivist
from routing.demo.crowd import Customer, Talk
from routing.demo.history import Size
from routing.demo.roster import Change, Roster
from routing.demo.talk import JAPANESE
from routing.engine import serial
from routing.engine.facts import Trigger
from routing.engine.replay import replay
from routing.models import AiAgent, Decision, FlowRun, Rule
from routing.services import assignment, intake, rule_replays
from routing.simulator.requests import Caller, as_inbound_request, build_inbound
from teams.models import Presence, Role, Strategy, Team, User
from teams.services import api_keys
from tests import moments
from tests.factories import make_agent, make_channel

NOW = moments.WEDNESDAY_NIGHT
WEEK = Size(days=6, per_day={"tokyo": 7, "paris": 5})
GLIMPSE = Size(days=4, per_day={"tokyo": 1, "paris": 1})
# Seeds with which the one story below ends with a rating, and without.
RATED, NOT_RATED = 9, 1
# Reserved for fiction, or never given out.
FICTIONAL = re.compile(r"\+(81900000\d{4}|3363998\d{4}|447700900\d{3})")


def broken_invariants():
    every = conversation_invariants.INVARIANTS + routing_invariants.INVARIANTS
    return {query.__name__: count for query in every if (count := query().count())}


def is_made_again(decision):
    """Say whether the stored facts still give the stored answer, with every reason."""
    version = decision.rule_set_version
    answer = replay(
        serial.facts_from_json(decision.facts),
        trigger=Trigger(decision.trigger),
        rules=loaders.load_rules(version) if version else None,
    )
    is_same = serial.answer_to_json(answer) == decision.answer
    return is_same and serial.steps_to_json(answer.steps) == decision.steps


def live(*, seed=7, size=GLIMPSE):
    history.make(seed=seed, size=size, language="en", passwords={}, now=NOW)


def what_was_said():
    rows = Message.objects.order_by("created_at", "pk")
    return list(rows.values_list("created_at", "body", "delivery_status"))


class TestHistory(TestCase):
    @classmethod
    def setUpTestData(cls):
        live(size=WEEK)
        telling.tell(language="en", now=NOW)

    def test_breaks_no_invariant(self):
        assert broken_invariants() == {}

    def test_stores_decisions_that_can_be_made_again(self):
        assert [d.pk for d in Decision.objects.all() if not is_made_again(d)] == []

    def test_is_replayed_by_its_rules_without_a_difference(self):
        replay = rule_replays.start(basis="published", wanted=9999, started_by=None, now=NOW)
        while rule_replays.work_next(now=NOW):
            pass
        replay.refresh_from_db()
        assert (replay.status, replay.done) == ("done", replay.total)
        assert replay.total > 40
        assert (replay.moved, replay.changed_hands, replay.guessed, replay.unknown) == (0, 0, 0, 0)

    def test_has_the_whole_shop(self):
        assert User.objects.count() == 12
        assert User.objects.get(role=Role.OWNER).email == access.ACCOUNTS[0].email
        assert {person.language for person in shop.PEOPLE} == {"ja", "fr", "zh", "en"}
        assert set(Team.objects.values_list("strategy", flat=True)) == set(Strategy.values)
        assert Rule.objects.filter(is_active=True).count() == 10
        assert AiAgent.objects.get().is_running
        assert {channel.provider for channel in Channel.objects.all()} == {Provider.SIMULATOR}

    def test_leaves_nothing_of_the_past_to_be_told(self):
        assert not Event.objects.unpublished().exists()

    def test_ends_now(self):
        latest = Event.objects.order_by("-occurred_at").first()
        assert NOW - timedelta(minutes=30) < latest.occurred_at <= NOW + timedelta(seconds=5)
        assert not Message.objects.filter(created_at__gt=NOW).exists()

    def test_leaves_work_for_whoever_opens_it_at_night(self):
        recently = NOW - timedelta(minutes=30)
        assert Conversation.objects.waiting().filter(waiting_since__gt=recently).count() >= 3
        assert User.objects.filter(presence=Presence.ONLINE).count() >= 5
        assert Conversation.objects.filter(status__in=OPEN, assignee__isnull=False).exists()

    def test_is_believable(self):
        answered = Conversation.objects.exclude(first_replied_at=None)
        waits = [(c.first_replied_at - c.opened_at).total_seconds() / 60 for c in answered]
        assert 1 < statistics.median(waits) < 30
        asked = Survey.objects.exclude(question=None)
        assert 0.15 < asked.exclude(rating=None).count() / asked.count() < 0.6
        assert Conversation.objects.filter(assignments__kind="manual").exists()

    def test_is_quiet_at_the_weekend(self):
        days = Counter(c.opened_at.weekday() for c in Conversation.objects.all())
        assert max(days[5], days[6]) < min(days[0], days[1])

    def test_has_promises_to_call_in_every_state(self):
        assert set(Callback.objects.values_list("status", flat=True)) == set(CallbackStatus)
        assert Callback.objects.late(NOW).exists()
        assert Callback.objects.filter(status="due", owner__isnull=False).exists()
        assert Callback.objects.filter(status="scheduled", owner__isnull=False).exists()
        assert Callback.objects.filter(status="scheduled", conversation=None).exists()

    def test_has_runs_of_the_flow_that_are_over_and_one_that_waits(self):
        runs = FlowRun.objects.order_by("pk")
        assert [run.status for run in runs] == ["completed", "completed", "waiting"]
        assert runs[2].conversation.status == "bot"
        assert Contact.objects.filter(attributes__last_order="4711").exists()

    def test_keeps_promises_as_they_are_kept_in_life(self):
        for callback in Callback.objects.filter(status="completed"):
            told = Event.objects.filter(data__callback=str(callback.public_id)).order_by("pk")
            types = [event.type.removeprefix("callback.") for event in told]
            assert [types[0], types[1], types[-2]] == ["scheduled", "due", "started"]
            assert types[-1] == "completed"
            instants = [event.occurred_at for event in told]
            assert instants == sorted(instants)
            assert callback.due_at <= instants[1] <= instants[-1] <= NOW

    def test_uses_numbers_that_belong_to_nobody(self):
        numbers = {*Identity.objects.values_list("address", flat=True)}
        numbers.update(Channel.objects.values_list("phone_number", flat=True))
        assert [number for number in sorted(numbers) if not FICTIONAL.fullmatch(number)] == []

    def test_keeps_the_simulator_for_whoever_plays(self):
        assert not Conversation.objects.filter(channel__name="Simulator").exists()


def story_of(seed):
    """Live with this seed, remember what was said, and forget all of it in the database."""
    with transaction.atomic():
        live(seed=seed)
        said = what_was_said()
        transaction.set_rollback(True)
    return said


@pytest.mark.django_db
class TestTheSeed:
    def test_tells_the_same_story_again(self):
        assert story_of(3) == story_of(3)

    def test_tells_another_story_for_another_number(self):
        assert story_of(3) != story_of(4)


def without_ids(row, *names):
    return tuple(getattr(row, name) for name in names)


def traces_of(conversation):
    """Everything that a finished conversation leaves behind, but ids and instants."""
    fields = ("status", "team", "assignee", "priority", "tags", "version", "message_count")
    columns = [f.name for f in Conversation._meta.concrete_fields if f.name.endswith("_at")]
    message = ("sequence", "direction", "author_kind", "author", "body", "kind", "delivery_status")
    kept = ("reason", "outcome", "user_id", "team_id", "from", "to", "status", "sequence", "rating")
    return {
        "conversation": without_ids(conversation, *fields, "resolution_count"),
        "instants": [name for name in columns if getattr(conversation, name) is not None],
        "messages": [
            without_ids(m, *message, "attempt", "error_code") for m in conversation.messages.all()
        ],
        "events": Counter(
            (
                *without_ids(e, "type", "actor_kind", "actor_id", "actor_label"),
                *sorted(e.data),
                *(str(e.data.get(name)) for name in kept),
            )
            for e in conversation.events.all()
        ),
        "assignments": [
            without_ids(a, "kind", "team", "user", "actor", "end_reason")
            for a in conversation.assignments.all()
        ],
        "decisions": [
            (d.trigger, d.outcome, d.answer, [step["code"] for step in d.steps], sorted(d.facts))
            for d in conversation.decisions.all()
        ],
        "surveys": [
            without_ids(s, "resolution", "status", "rating", "agent", "team", "skip_reason")
            for s in conversation.surveys.all()
        ],
        "reports": Counter(
            DeliveryReport.objects.filter(message__conversation=conversation).values_list("status")
        ),
    }


class Services:
    """The same story as the archive's, by the services."""

    def __init__(self, opened, talk):
        self.channel = opened.channels[talk.line]
        self.caller = Caller("+819000004999", talk.customer.name)
        self.now = NOW

    def hear(self, text):
        self.now += timedelta(minutes=2)
        sid = f"SM{random.getrandbits(128):032x}"
        request = build_inbound(self.channel, caller=self.caller, text=text, sid=sid)
        receipt = intake.receive(self.channel, request=as_inbound_request(request), now=self.now)
        Contact.objects.filter(identities__address=self.caller.number).update(language="ja")
        return Conversation.objects.get(pk=receipt.conversation_id)

    def deliver(self, conversation):
        delivery.send_next(now=self.now)
        message = conversation.messages.get(delivery_status="sent")
        for word in ("delivered", "read"):
            update = StatusUpdate(message.provider_message_id, word)
            reports.record_report(self.channel, update=update, now=self.now)

    def say(self, conversation, text):
        conversation.refresh_from_db()
        user = conversation.assignee
        actor = Actor.person(user.pk, user.name)
        replies.queue_reply(conversation, author=user, body=text, actor=actor, now=self.now)
        self.deliver(conversation)

    def resolve(self, conversation):
        conversation.refresh_from_db()
        user = conversation.assignee
        lifecycle.resolve(conversation, actor=Actor.person(user.pk, user.name), now=self.now)
        self.deliver(conversation)


@pytest.mark.django_db
class TestTheArchive:
    @pytest.fixture
    def opened(self):
        opened = founding.found(passwords={}, language="en", now=NOW)
        User.objects.update(presence=Presence.ONLINE)
        return opened

    def tell(self, opened, *, subject, seed):
        everybody = [Change(NOW, person.handle, Presence.ONLINE) for person in shop.PEOPLE]
        archivist = Archivist(opened, roster=Roster(everybody), rng=random.Random(seed))
        script = next(s for s in JAPANESE.scripts if s.subject == subject)
        customer = Customer("Dora", "+819000004998", JAPANESE, is_vip=False, free_at=NOW)
        talk = Talk(customer, "tokyo", script, rounds=1)
        told = archivist.tell(talk, at=NOW + timedelta(minutes=1))
        folder.save([told])
        return talk, Conversation.objects.get(identity__address=customer.number)

    def play(self, opened, talk, filed, *, taken_by=None):
        services = Services(opened, talk)
        heard = [m.body for m in filed.messages.filter(direction="inbound")]
        said = [m.body for m in filed.messages.filter(author_kind="agent")]
        conversation = services.hear(heard[0])
        if taken_by is not None:
            actor = Actor.person(taken_by.pk, taken_by.name)
            assignment.claim(conversation, user=taken_by, actor=actor, now=services.now)
        services.say(conversation, said[0])
        services.hear(heard[1])
        services.say(conversation, said[1])
        services.resolve(conversation)
        for rating in heard[2:]:
            services.hear(rating)
        closing.close_next_expired(now=services.now + timedelta(hours=25))
        conversation.refresh_from_db()
        return conversation

    def test_leaves_the_traces_that_the_services_leave(self, opened):
        talk, filed = self.tell(opened, subject="price", seed=RATED)

        played = self.play(opened, talk, filed)

        assert filed.surveys.get().rating is not None
        assert traces_of(filed) == traces_of(played)

    def test_leaves_the_traces_of_a_conversation_taken_from_the_queue(self, opened):
        talk, filed = self.tell(opened, subject="order", seed=NOT_RATED)

        played = self.play(opened, talk, filed, taken_by=filed.assignee)

        assert filed.surveys.get().rating is None
        assert traces_of(filed) == traces_of(played)

    def test_keeps_the_envelope_of_every_message(self, opened):
        _, filed = self.tell(opened, subject="price", seed=RATED)

        inbound = filed.messages.filter(direction="inbound")
        kept = Envelope.objects.values_list("dedupe_key", flat=True)
        assert sorted(kept) == sorted(inbound.values_list("provider_message_id", flat=True))


@pytest.fixture
def demo(settings, tmp_path):
    """Run the command with a folder of its own; return what it printed."""
    settings.DATA_DIR = tmp_path

    def run(*args):
        out = StringIO()
        call_command("demo", *args, stdout=out)
        return out.getvalue()

    return run


@pytest.mark.django_db
class TestTheDemoCommand:
    def printed_key(self, box):
        return re.search(r"Bearer (\S+?)'", box).group(1)

    def test_says_how_to_get_in(self, demo, client):
        box = demo("--size", "small")

        for account in access.ACCOUNTS:
            assert account.email in box
            assert client.login(username=account.email, password=access.PASSWORD)
        assert "Nothing leaves this machine" in box
        assert "https://desk.example.test/simulator/" in box

    def test_keeps_the_data_and_the_key_the_second_time(self, demo):
        first = demo("--size", "small")
        conversations = Conversation.objects.count()

        second = demo("--size", "small")

        assert Conversation.objects.count() == conversations
        assert self.printed_key(first) == self.printed_key(second)
        assert api_keys.find_active(self.printed_key(second), now=NOW) is not None

    def test_prints_a_new_key_where_the_old_one_was_revoked(self, demo):
        first = self.printed_key(demo("--size", "small"))
        api_keys.revoke(api_keys.find_active(first, now=NOW))

        second = self.printed_key(demo())

        assert second != first
        assert api_keys.find_active(second, now=NOW) is not None

    def test_hides_the_key_from_other_users_of_the_machine(self, demo, tmp_path):
        demo("--size", "small")

        assert (tmp_path / access.KEY_FILE).stat().st_mode & 0o077 == 0

    def test_names_teams_and_rules_in_the_language_asked_for(self, demo):
        demo("--size", "small", "--lang", "fr")

        assert User.objects.get(email=access.ACCOUNTS[0].email).language == "fr"

    @pytest.mark.parametrize("option", ["--reset", "--remove", "--size=small"])
    def test_refuses_beside_a_real_channel(self, demo, option):
        make_channel(name="WhatsApp Berlin")

        with pytest.raises(CommandError, match="WhatsApp Berlin"):
            demo(option)

        assert Channel.objects.count() == 1

    def test_refuses_beside_a_real_account(self, demo):
        alice = make_agent(name="Alice")

        with pytest.raises(CommandError, match=alice.email):
            demo()

    def test_stays_open_beside_what_was_added_to_it(self, demo):
        demo("--size", "small")
        make_channel(name="WhatsApp Berlin")

        assert "kept" in demo("--size", "small")
        with pytest.raises(CommandError, match=r"WhatsApp Berlin.*DATA_DIR"):
            demo("--reset")
        assert Channel.objects.filter(name="WhatsApp Berlin").exists()

    def test_refuses_in_production(self, demo, settings):
        settings.IS_PRODUCTION = True

        with pytest.raises(CommandError, match="production"):
            demo()

        assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestStartingOver:
    def test_starts_over(self, demo):
        demo("--size", "small")
        User.objects.filter(code="aiko").update(name="Somebody Else")

        demo("--size", "small", "--reset")

        assert User.objects.get(code="aiko").name == "Aiko Tanaka"

    def test_removes_everything(self, demo, tmp_path):
        demo("--size", "small")

        demo("--remove")

        assert not User.objects.exists()
        assert not Conversation.objects.exists()
        assert not (tmp_path / access.KEY_FILE).exists()


@pytest.mark.django_db
class TestSeedLoad:
    def run(self, conversations):
        call_command("seed_load", f"--conversations={conversations}", stdout=StringIO())

    def test_stores_as_many_as_asked_for_and_breaks_no_invariant(self):
        self.run(40)

        assert Conversation.objects.count() == 40
        assert broken_invariants() == {}
        assert all(is_made_again(decision) for decision in Decision.objects.all())

    def test_adds_to_the_demo(self):
        live()
        before = Conversation.objects.count()

        self.run(20)

        assert Conversation.objects.count() == before + 20
        assert broken_invariants() == {}

    def test_refuses_beside_real_data(self):
        make_channel()

        with pytest.raises(CommandError):
            self.run(5)

    def test_refuses_a_number_below_one(self):
        with pytest.raises(CommandError):
            self.run(0)
