"""The rule tester over the API."""

from typing import Any

import pytest

from channels.models import Channel
from routing.models import Decision, Rule
from teams.models import Team, User
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_rule,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db
SUPPOSED = {"type": "image", "new_contact": {"phone": "+819012345678"}}


@pytest.fixture
def alice() -> User:
    return make_agent(name="Alice", code="alice")


@pytest.fixture
def channel(alice: User) -> Channel:
    team = make_team(name="Support", members=(alice, make_agent(name="Bob", code="bob")))
    conditions = (("contact.country", "in", "JP"), ("message.type", "in", "image"))
    make_rule(name="Japan", team=team, conditions=conditions)
    return make_channel()


@pytest.fixture
def api(call: Any, channel: Channel) -> Any:
    sachi = make_supervisor(name="Sachi")
    Team.objects.get().memberships.create(user=sachi, position=99)
    return call(sachi, scopes=["read"])


def body(channel: Channel, **said: Any) -> dict[str, Any]:
    return {"channel_id": str(channel.public_id), **said}


class TestTheTester:
    def test_says_who_would_get_it_and_why(self, api: Any, channel: Channel) -> None:
        answer = api.post("rules/test/", body(channel, **SUPPOSED))

        assert answer.status_code == 200
        told = answer.json()
        assert (told["outcome"], told["member"]["name"]) == ("assigned", "Alice")
        assert told["team"]["name"] == "Support"
        assert told["rule_id"] == str(Rule.objects.get().public_id)
        assert (told["ai_agent_id"], told["conversation_id"]) == (None, None)
        said = [step["text"] for step in told["decision"]["explanation"]]
        assert (
            "Rule “Japan” matched: the number is from JP and the message is of the type picture."
        ) in said
        assert not Decision.objects.exists()

    def test_supposes_who_is_online(self, api: Any, channel: Channel) -> None:
        supposed = {**SUPPOSED, "online": [{"code": "bob"}]}
        told = api.post("rules/test/", body(channel, **supposed)).json()
        assert told["member"]["name"] == "Bob"

    def test_supposes_that_nobody_is_online(self, api: Any, channel: Channel) -> None:
        told = api.post("rules/test/", body(channel, **SUPPOSED, online=[])).json()
        assert (told["outcome"], told["member"]) == ("waiting", None)

    def test_knows_who_wrote_before(self, api: Any, channel: Channel, alice: User) -> None:
        dora = make_contact(name="Dora", permanent_agent=alice)
        going_on = make_conversation(channel=channel, contact=dora, team=Team.objects.get())
        told = api.post("rules/test/", body(channel, contact_id=str(dora.public_id))).json()
        assert told["member"]["name"] == "Alice"
        assert told["conversation_id"] == str(going_on.public_id)

    def test_does_not_know_who_may_not_be_seen(self, api: Any, channel: Channel) -> None:
        stranger = make_contact(name="Stranger")
        make_conversation(channel=channel, contact=stranger, team=make_team(name="Other"))
        answer = api.post("rules/test/", body(channel, contact_id=str(stranger.public_id)))
        assert answer.status_code == 404

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"channel_id": "0199c0de-0000-7000-8000-000000000241"}, "channel_id"),
            ({"type": "smell"}, "type"),
            ({"at": "soon"}, "at"),
            ({"text": "x" * 4097}, "text"),
            ({"new_contact": {"phone": 5}}, "new_contact"),
            ({"sender": "me"}, "sender"),
        ],
    )
    def test_refuses_what_it_cannot_read(
        self, api: Any, channel: Channel, said: dict[str, Any], field: str
    ) -> None:
        answer = api.post("rules/test/", {**body(channel), **said})
        assert answer.status_code in {400, 422}
        assert field in "".join(answer.json()["fields"])

    def test_wants_one_contact(self, api: Any, channel: Channel) -> None:
        both = {"contact_id": str(make_contact().public_id), "new_contact": {}}
        answer = api.post("rules/test/", body(channel, **both))
        assert answer.json()["fields"].keys() == {"new_contact"}

    def test_is_not_for_agents(self, call: Any, channel: Channel, alice: User) -> None:
        answer = call(alice, scopes=["read"]).post("rules/test/", body(channel))
        assert answer.status_code == 403
