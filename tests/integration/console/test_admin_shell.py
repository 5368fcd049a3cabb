"""The frame around every page: who may enter, what the menu offers, in which language and zone."""

from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations.states import Status
from teams.models import Presence, Role, User
from tests.console import sign_in
from tests.factories import make_agent, make_conversation, make_supervisor, make_team

pytestmark = pytest.mark.django_db
HOME = "/admin/"


def menu_of(client: Client) -> list[str]:
    """Return the labels of the menu, in order."""
    groups = client.get(HOME).context["menu"]
    return [str(link.label) for _title, links in groups for link in links]


class TestTheDoor:
    def test_keeps_agents_out(self) -> None:
        answer = sign_in(make_agent()).get(HOME)
        assert answer.status_code == 302
        assert "/admin/login/" in answer.headers["location"]

    def test_keeps_people_out_who_left(self) -> None:
        answer = sign_in(make_supervisor(is_active=False)).get(HOME)
        assert answer.status_code == 302

    def test_lets_supervisors_in(self) -> None:
        assert sign_in(make_supervisor()).get(HOME).status_code == 200

    def test_offers_no_demo_account_where_nothing_is_invented(self, client: Client) -> None:
        make_supervisor()
        answer = client.get("/admin/login/", {"as": "ana@hoshi.example"})
        assert answer.context["demo_accounts"] == []

    def test_fills_in_the_form_in_the_demo(self, client: Client) -> None:
        make_supervisor(name="Ana Costa", email="ana@hoshi.example")
        answer = client.get("/admin/login/", {"as": "ana@hoshi.example"})
        assert [account.name for account in answer.context["demo_accounts"]] == ["Ana Costa"]
        assert b'value="ana@hoshi.example"' in answer.content

    def test_never_fills_it_in_for_anybody_else(self, client: Client) -> None:
        answer = client.get("/admin/login/", {"as": "sachi@example.com"})
        assert b"sachi@example.com" not in answer.content


class TestTheMenu:
    def test_offers_supervisors_what_they_may_open(self) -> None:
        menu = menu_of(sign_in(make_supervisor()))
        assert "Conversations" in menu
        assert "Rules" in menu
        assert "API keys" not in menu
        assert "Inbound log" not in menu

    def test_offers_administrators_everything(self) -> None:
        menu = menu_of(sign_in(make_agent(name="Ada", role=Role.ADMINISTRATOR)))
        assert {"API keys", "Inbound log", "Channels", "Ratings"} <= set(menu)

    def test_hides_what_other_packages_registered(self) -> None:
        client = sign_in(make_agent(name="Ada", role=Role.OWNER, is_superuser=True))
        for path in ("auth/group/", "axes/accessattempt/", "django_celery_beat/periodictask/"):
            assert client.get(f"{HOME}{path}").status_code == 404

    def test_counts_those_who_wait_in_ones_own_teams(self) -> None:
        sachi = make_supervisor()
        ours, theirs = make_team(members=(sachi,)), make_team(name="Sales")
        make_conversation(team=ours)
        make_conversation(team=theirs)
        answer = sign_in(sachi).get(HOME)
        live = answer.context["menu"][0][1]
        assert live[0].badge == "1"

    @pytest.mark.parametrize(
        ("page", "marked"),
        [
            ("teams_team", "Teams"),
            ("routing_savedtest", "Rules"),
            ("routing_flowrun", "Flows"),
        ],
    )
    def test_marks_the_page_one_is_on(self, page: str, marked: str) -> None:
        answer = sign_in(make_supervisor()).get(reverse(f"admin:{page}_changelist"))
        current = [
            str(link.label)
            for _title, links in answer.context["menu"]
            for link in links
            if link.is_current
        ]
        assert current == [marked]


class TestTheLanguage:
    def test_is_kept_on_the_person(self) -> None:
        sachi = make_supervisor()
        client = sign_in(sachi)
        client.post("/admin/language/", {"language": "ja", "next": HOME})
        sachi.refresh_from_db()
        assert sachi.language == "ja"
        assert client.get(HOME).headers["content-language"] == "ja"

    def test_can_be_chosen_before_signing_in(self, client: Client) -> None:
        answer = client.post("/admin/language/", {"language": "fr", "next": "/admin/login/"})
        assert answer.headers["location"] == "/admin/login/"
        assert client.get("/admin/login/").headers["content-language"] == "fr"

    def test_stays_when_it_is_not_one_of_ours(self) -> None:
        sachi = make_supervisor()
        sign_in(sachi).post("/admin/language/", {"language": "tlh"})
        sachi.refresh_from_db()
        assert sachi.language == ""

    def test_does_not_change_by_a_link(self) -> None:
        assert sign_in(make_supervisor()).get("/admin/language/").status_code == 405

    @pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/\x00"])
    def test_leads_back_to_our_own_pages_only(self, address: str) -> None:
        answer = sign_in(make_supervisor()).post(
            "/admin/language/", {"language": "ja", "next": address}
        )
        assert answer.headers["location"] == HOME


class TestTheTime:
    def test_is_that_of_the_viewer(self) -> None:
        make_conversation(status=Status.NEW)
        sachi = make_supervisor(time_zone="Asia/Tokyo")
        answer = sign_in(sachi).get(reverse("admin:conversations_conversation_changelist"))
        assert b"Times are shown in Asia/Tokyo" in answer.content

    def test_falls_back_where_the_zone_is_unknown(self) -> None:
        answer = sign_in(make_supervisor(time_zone="Mars/Olympus")).get(HOME)
        assert answer.status_code == 200


class TestOnesOwnPresence:
    def test_is_set_from_the_header(self) -> None:
        sachi = make_supervisor(presence=Presence.OFFLINE)
        sign_in(sachi).post("/admin/presence/", {"presence": "online"})
        assert User.objects.get(pk=sachi.pk).presence == Presence.ONLINE

    def test_does_not_change_by_a_link(self) -> None:
        sachi = make_supervisor(presence=Presence.OFFLINE)
        assert sign_in(sachi).get("/admin/presence/?presence=online").status_code == 405
        assert User.objects.get(pk=sachi.pk).presence == Presence.OFFLINE


class TestTheOverview:
    def test_says_what_is_missing_and_what_follows(self) -> None:
        page = sign_in(make_supervisor()).get(HOME).content.decode()
        assert "No channel is set up: no message can arrive." in page

    def test_counts_within_ones_own_teams(self) -> None:
        sachi = make_supervisor()
        make_conversation(team=make_team(name="Sales"))
        cards = sign_in(sachi).get(HOME).context["cards"]
        assert cards[0].value == "0"


class TestTheQueues:
    def test_are_ones_own_with_the_longest_wait_first(self) -> None:
        now = timezone.now()
        sachi = make_supervisor(presence=Presence.OFFLINE)
        alice = make_agent()
        make_team(name="Calm", members=(sachi,))
        busy = make_team(name="Busy", members=(sachi, alice))
        make_team(name="Foreign")
        make_conversation(team=busy, waiting_since=now - timedelta(minutes=5))
        make_conversation(team=busy, assignee=alice, waiting_since=now)
        queues = sign_in(sachi).get(HOME).context["queues"]
        assert [queue.name for queue in queues] == ["Busy", "Calm"]
        first = queues[0]
        assert (first.waiting, first.unanswered, first.open, first.online) == (1, 2, 2, 1)
        assert first.url.endswith(f"team__id__exact={busy.pk}")
        assert queues[1].online == 0

    def test_show_what_belongs_to_no_team(self) -> None:
        make_conversation()
        queues = sign_in(make_supervisor()).get(HOME).context["queues"]
        assert [queue.waiting for queue in queues] == [1]


class TestAPageThatIsNotThere:
    def test_offers_to_search(self) -> None:
        answer = sign_in(make_supervisor()).get("/admin/nothing/here/")
        assert answer.status_code == 404
        assert "There is nothing at this address" in answer.content.decode()

    def test_says_who_can_help_where_ones_role_ends(self) -> None:
        answer = sign_in(make_supervisor()).get("/admin/teams/apikey/")
        assert answer.status_code == 403
        assert "An administrator can do it" in answer.content.decode()

    def test_says_so_when_a_form_is_out_of_date(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(make_supervisor(), backend="config.backends.RoleBackend")
        answer = client.post("/admin/presence/", {"presence": "away"})
        assert answer.status_code == 403
        assert "This page is out of date" in answer.content.decode()

    def test_says_so_when_we_fail(self) -> None:
        assert "Something failed on our side" in render_to_string("500.html")
