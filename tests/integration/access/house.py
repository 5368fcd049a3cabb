"""A house with a stranger's things in it: five callers, and what is theirs, their team's, nobody's.

What a caller may not see holds `CANARY` wherever text is held: wherever that word turns up in an
answer to somebody who may not see it, something leaked.
"""

import uuid
from typing import Any

from callbacks.models import Callback
from callbacks.services import feeds, scheduling
from callbacks.services.scheduling import Wish
from channels.models import Envelope
from conversations.actors import Actor
from conversations.models import Conversation, EndpointDelivery, Survey
from conversations.services import outbox
from routing.models import Flow, FlowRun, RuleSet, SavedTest
from routing.services import assignment, flows, rule_replays, saved_tests
from routing.services.flows import Head
from teams.models import BusinessHours, Role, Team, User
from teams.services import api_keys, imports
from tests import moments
from tests.console import sign_in
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_api_key,
    make_channel,
    make_contact,
    make_conversation,
    make_endpoint,
    make_event,
    make_file,
    make_message,
    make_rule,
    make_stored_file,
    make_team,
    make_template,
)

NOW = moments.WEDNESDAY_MORNING
CANARY = "Kestrel-4711"
#: Column of the tables -> role.
ROLES = {
    "agent": Role.AGENT,
    "senior": Role.SENIOR_AGENT,
    "supervisor": Role.SUPERVISOR,
    "administrator": Role.ADMINISTRATOR,
    "owner": Role.OWNER,
}
#: Whose a conversation is: the caller's; their team's queue; a colleague's in their team; another
#: team's; nobody's. And one that does not exist.
OF_CONVERSATIONS = ("own", "team", "colleague", "foreign", "unassigned", "absent")
OF_TEAMS = ("own", "foreign", "absent")
OF_PEOPLE = ("own", "colleague", "foreign", "above", "absent")
OF_THINGS = ("any", "absent")
OF_LISTS = ("any",)


def make_published_flow() -> Flow:
    step = {"name": "Hello", "kind": "message", "text": {"": "Hello!"}}
    flow = flows.create(Head("Hello", "none"), document={"steps": [step]}, author=None, now=NOW)
    flows.publish(flow, author=None, now=NOW)
    flow.refresh_from_db()
    return flow


class House:
    def __init__(self) -> None:
        self.callers = {
            name: make_agent(
                name=name.title(), email=f"{name}@e.example", role=role, code=f"c-{name}"
            )
            for name, role in ROLES.items()
        }
        self.keys = {name: make_api_key(user=caller) for name, caller in self.callers.items()}
        self.browsers = {name: sign_in(caller) for name, caller in self.callers.items()}
        self.bob = make_agent(name="Bob", code="c-bob")
        self.carol = make_agent(name="Carol", code="c-carol")
        self.support = make_team(
            name="Support",
            code="support",
            strategy="manual",
            members=(*self.callers.values(), self.bob),
        )
        self.sales = make_team(name="Sales", code="sales", strategy="manual", members=(self.carol,))
        self.channel = make_channel(has_survey=True)
        self.api_key = api_keys.issue(self.bob, name="CRM", scopes=["read"]).api_key
        self.calendar_feed = feeds.make(created_by=self.bob, team=self.support, now=NOW)
        self.hours = BusinessHours.objects.create(code="office", name="Office")
        self.rule = make_rule(team=self.support)
        self.rule_version = RuleSet.objects.exclude(number=None).latest("pk")
        self.replay = rule_replays.start(basis="draft", wanted=9, started_by=None, now=NOW)
        test = SavedTest(name="A test", channel=self.channel, expected_rule=self.rule)
        self.saved_test = saved_tests.save(test, editor=None, now=NOW)
        self.ai_agent = make_ai_agent()
        self.flow = make_published_flow()
        self.endpoint = make_endpoint(is_active=True)
        self.template = make_template(channel=self.channel)
        self.conversations = {
            "team": self._conversation(team=self.support),
            "colleague": self._conversation(team=self.support, assignee=self.bob),
            "foreign": self._conversation(
                team=self.sales, assignee=self.carol, name=CANARY, tags=[CANARY]
            ),
            "unassigned": self._conversation(team=self.support),
        }
        assignment.unassign(self.conversations["unassigned"], actor=Actor.system(), now=NOW)
        self.own = {
            name: self._conversation(team=self.support, assignee=caller)
            for name, caller in self.callers.items()
        }
        self.callbacks = {
            whose: self._callback(chat, by=self.carol) for whose, chat in self.conversations.items()
        }
        self.own_callbacks = {
            name: self._callback(chat, by=self.callers[name]) for name, chat in self.own.items()
        }
        self.flow_run = FlowRun.objects.create(
            conversation=self.conversations["team"],
            flow=self.flow,
            version=self.flow.published,
            actor_kind="system",
            due_at=NOW,
            started_at=NOW,
        )
        self.upload = imports.plan(
            b"team_code,name\nsupport,Support\n",
            subject="teams",
            filename="teams.csv",
            uploaded_by=self.callers["administrator"],
            now=NOW,
        )
        make_event(conversation=self.conversations["team"])
        while outbox.publish_next(now=NOW):
            pass
        self.delivery = EndpointDelivery.objects.order_by("pk").first()
        self.envelope = Envelope.objects.create(
            channel=self.channel,
            dedupe_key="SM1",
            outcome="quarantined",
            reason="unknown_sender",
            raw_body=b"Body=hello",
            received_at=NOW,
        )

    def _conversation(
        self,
        *,
        name: str = "Dora",
        team: Team | None = None,
        assignee: User | None = None,
        **fields: Any,
    ) -> Conversation:
        conversation = make_conversation(
            channel=self.channel, contact=make_contact(name=name), **fields
        )
        if team is not None:
            assignment.assign_to(
                conversation, team=team, person=assignee, actor=Actor.system(), now=NOW
            )
            conversation.refresh_from_db()
        body = f"{name} writes"
        message = make_message(conversation=conversation, body=body)
        make_stored_file(message=message, content=name.encode(), filename=f"{name}.txt")
        make_file(message=message, position=1, state="failed", error="http", fetch_due_at=None)
        make_event(conversation=conversation, data={"tag": name})
        Survey.objects.create(
            conversation=conversation,
            resolution=9,
            status="answered",
            rating=4,
            agent=conversation.assignee,
            team=conversation.team,
            created_at=NOW,
            answered_at=NOW,
        )
        return conversation

    def _callback(self, conversation: Conversation, *, by: User) -> Callback:
        wish = Wish(note=f"Calls {conversation.contact.name}", override_reason="Any time will do.")
        actor = Actor.person(by.pk, by.name)
        return scheduling.schedule(conversation, wish=wish, actor=actor, now=NOW)

    def callback(self, whose: str, caller: str) -> Callback | None:
        if whose == "own":
            return self.own_callbacks[caller]
        return self.callbacks.get(whose)

    def conversation(self, whose: str, caller: str) -> Conversation | None:
        if whose == "own":
            return self.own[caller]
        return self.conversations.get(whose)

    def things(self) -> dict[str, Any]:
        """Return what belongs to nobody in particular, by the name of its model."""
        return {
            "channel": self.channel,
            "rule": self.rule,
            "rulereplay": self.replay,
            "savedtest": self.saved_test,
            "flow": self.flow,
            "flowrun": self.flow_run,
            "aiagent": self.ai_agent,
            "endpoint": self.endpoint,
            "template": self.template,
            "endpointdelivery": self.delivery,
            "import": self.upload,
            "businesshours": self.hours,
            "envelope": self.envelope,
            "apikey": self.api_key,
            "calendarfeed": self.calendar_feed,
        }

    def team(self, whose: str) -> Any:
        return {"own": self.support, "foreign": self.sales}.get(whose)

    def person(self, whose: str, caller: str) -> User | None:
        people = {"colleague": self.bob, "foreign": self.carol, "above": self.callers["owner"]}
        return self.callers[caller] if whose == "own" else people.get(whose)


def id_of(row: Any) -> str:
    """Return the public id; of nothing, one that does not exist."""
    return str(row.public_id if row else uuid.UUID(int=4711))
