"""The rule tester in the console: the address carries the case, and nothing changes."""

import html
import re
import shlex
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from channels.models import Channel
from routing.models import Decision
from teams.models import Role, Team
from tests.console import sign_in
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_api_key,
    make_channel,
    make_contact,
    make_conversation,
    make_rule,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db
PAGE = "/admin/routing/rule/test/"


@pytest.fixture
def team() -> Team:
    alice = make_agent(name="Alice", capacity=5)
    bob = make_agent(name="Bob", presence="offline")
    return make_team(name="Support", members=(alice, bob), strategy="round_robin")


@pytest.fixture
def channel(team: Team) -> Channel:
    make_rule(name="Refunds", team=team, conditions=(("message.text", "contains", "返金"),))
    make_rule(name="Gold", team=team, conditions=(("contact.attribute.plan", "equals", "gold"),))
    return make_channel(agents=(make_agent(name="Chen"),))


def ask(channel: Channel, **case: Any) -> str:
    sachi = make_supervisor(name="Sachi")
    for team in Team.objects.all():
        team.memberships.create(user=sachi, position=99)
    answer = sign_in(sachi).get(PAGE, {"channel": channel.pk, "text": "Hello", **case})
    assert answer.status_code == 200
    return answer.content.decode()


class TestTheTester:
    def test_says_who_would_get_it_and_why(self, channel: Channel) -> None:
        page = ask(channel, text="返金できますか")
        assert "It would go to Support, and Alice would get it." in page
        assert "Rule “Refunds” matched: the message contains 返金." in page
        assert "Open “Refunds”" in page

    def test_can_be_asked_again_over_the_api(self, channel: Channel) -> None:
        """What is copied is the same case, and gets the same answer."""
        bob = Team.objects.get().members.get(name="Bob")
        said = {"text": "返金、it's", "properties": "plan=gold", "tags": "vip", "online": [bob.pk]}
        page = ask(channel, **said)
        command = html.unescape(re.findall(r'data-copy-text="([^"]+)"', page)[0])
        words = shlex.split(command.replace("\\\n", " "))
        assert words[:2] == ["curl", f"{settings.PUBLIC_BASE_URL}/api/v1/rules/test/"]
        key = make_api_key(user=make_supervisor(name="Kim"))
        answer = (
            Client()
            .post(
                "/api/v1/rules/test/",
                words[words.index("-d") + 1],
                content_type="application/json",
                headers={"Authorization": f"Bearer {key}"},
            )
            .json()
        )
        assert (answer["team"]["name"], answer["member"]["name"]) == ("Support", "Bob")
        assert "Bob would get it." in page

    def test_goes_to_the_channels_agents_where_no_rule_matches(self, channel: Channel) -> None:
        assert "Chen would get it." in ask(channel)

    def test_takes_what_is_said_of_somebody_new(self, channel: Channel) -> None:
        assert "Rule “Gold” matched" in ask(channel, properties="plan=Gold, age=41")

    def test_takes_people_as_they_are_supposed_to_be(self, channel: Channel) -> None:
        bob = Team.objects.get().members.get(name="Bob")
        page = ask(channel, text="返金", online=[bob.pk])
        assert "Bob would get it." in page

    def test_knows_who_wrote_before(self, channel: Channel, team: Team) -> None:
        alice = team.members.get(name="Alice")
        dora = make_contact(name="Dora", permanent_agent=alice)
        make_conversation(channel=channel, contact=dora, team=team, assignee=alice)
        page = ask(channel, contact=f"#{dora.pk}")
        assert "Alice would get it." in page
        assert "that is going on" in page

    def test_says_that_an_ai_agent_would_answer(self) -> None:
        channel = make_channel()
        make_ai_agent(name="Fay", channels=(channel,), entries=(("Q", "A", "hello"),))
        assert "The AI agent Fay would answer." in ask(channel)

    def test_says_where_it_would_wait(self) -> None:
        assert "It would wait in the channel&#x27;s queue." in ask(make_channel())

    @pytest.mark.parametrize(
        ("case", "words"),
        [
            ({"contact": "#999999"}, "No customer of yours has this number."),
            ({"contact": "+810000"}, "No customer of yours has this number."),
            ({"contact": "#" + "9" * 60}, "No customer of yours has this number."),
            ({"properties": "gold"}, "Write each property as name=value."),
            ({"at": "soon"}, "Enter a valid date/time."),
            ({"online": ["x"]}, "is not a valid value"),
            ({"type": "smell"}, "Select a valid choice"),
        ],
    )
    def test_refuses_what_it_cannot_read(
        self, channel: Channel, case: dict[str, Any], words: str
    ) -> None:
        page = ask(channel, **case)
        assert words in page
        assert "would get it" not in page

    def test_changes_nothing(self, channel: Channel) -> None:
        """No row is written: any statement but a query fails the test."""
        client = sign_in(make_supervisor(name="Sachi"))
        client.get(PAGE)
        wrote: list[str] = []

        def watch(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
            if not sql.lstrip().upper().startswith(("SELECT", "SAVEPOINT", "RELEASE", "BEGIN")):
                wrote.append(sql)
            assert "FOR UPDATE" not in sql
            assert "FOR NO KEY" not in sql
            return execute(sql, params, many, context)

        with connection.execute_wrapper(watch):
            answer = client.get(PAGE, {"channel": channel.pk, "text": "返金"})
        assert "Alice would get it." in answer.content.decode()
        assert [sql for sql in wrote if "session" not in sql and "presence" not in sql] == []
        assert not Decision.objects.exists()

    def test_is_linked_from_the_list(self, channel: Channel) -> None:
        sachi = sign_in(make_supervisor(name="Sachi"))
        assert PAGE in sachi.get(reverse("admin:routing_rule_changelist")).content.decode()

    def test_is_not_for_agents(self, channel: Channel) -> None:
        answer = sign_in(make_agent(name="Ada", role=Role.AGENT)).get(PAGE)
        assert answer.status_code in {302, 403}
