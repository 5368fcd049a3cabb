"""Publishing in the console: the bar, the difference, the history."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from conversations.actors import Actor
from routing import loaders
from routing.models import Rule, RuleSet
from routing.services import rule_publishing, rules
from teams.models import Role, User
from tests.console import sign_in
from tests.factories import make_administrator, make_rule, make_supervisor, make_team

pytestmark = pytest.mark.django_db
LIST = "/admin/routing/rule/"
PUBLISH, PLAN, CANCEL = f"{LIST}publish/", f"{LIST}publish/plan/", f"{LIST}publish/cancel/"
DISCARD, VERSIONS = f"{LIST}discard/", f"{LIST}versions/"


@pytest.fixture
def ada() -> User:
    return make_administrator()


@pytest.fixture
def client(ada: User) -> Client:
    return sign_in(ada)


@pytest.fixture
def rule() -> Rule:
    return make_rule(team=make_team(), conditions=(("message.text", "contains", "refund"),))


@pytest.fixture
def edited(rule: Rule) -> Rule:
    """A rule that is off, and not published so."""
    edit(rule)
    return rule


def edit(rule: Rule) -> None:
    rules.switch_off(rule, actor=Actor.system(), now=timezone.now())


def revision() -> int:
    return rule_publishing.read().revision


def plan_form(**changes: object) -> dict[str, object]:
    day = (timezone.now() + timedelta(days=2)).date().isoformat()
    form = {"revision": revision(), "note": "", "date": day, "time": "09:00", "zone": "Asia/Tokyo"}
    return {**form, **changes}


def said(answer) -> str:
    return " ".join(str(each) for each in get_messages(answer.wsgi_request))


class TestTheBar:
    def test_is_not_there_without_changes(self, client: Client, rule: Rule) -> None:
        assert "data-draft-bar" not in client.get(LIST).content.decode()

    def test_counts_what_is_unpublished(self, client: Client, edited: Rule) -> None:
        text = client.get(LIST).content.decode()
        assert "1 unpublished change." in text
        assert f'href="{PUBLISH}"' in text
        assert f'href="{DISCARD}"' in text

    def test_offers_nothing_to_those_who_may_not_publish(self, edited: Rule) -> None:
        text = sign_in(make_supervisor()).get(LIST).content.decode()
        assert "1 unpublished change." in text
        assert PUBLISH not in text
        assert DISCARD not in text


class TestPublishing:
    def test_shows_the_difference_and_publishes_it(self, client: Client, edited: Rule) -> None:
        text = client.get(PUBLISH).content.decode()
        assert "“Refunds” is changed." in text
        assert "<del>On</del>" in text
        assert "<ins>Off</ins>" in text
        answer = client.post(PUBLISH, {"revision": revision(), "note": "Sale is over"})
        assert said(answer) == "Version 2 is published. It decides from the next message on."
        assert loaders.load_rules(loaders.current_version()) == ()

    def test_shows_the_new_difference_if_somebody_was_faster(
        self, client: Client, edited: Rule
    ) -> None:
        seen = revision()
        rules.save(
            Rule(name="New", team=edited.team),
            channels=[],
            conditions=[],
            actor=Actor.system(),
            now=timezone.now(),
        )
        answer = client.post(PUBLISH, {"revision": seen, "note": "My reason"})
        text = answer.content.decode()
        assert "somebody changed the rules after you opened this page" in text
        assert "“New” is new, as number 2." in text
        assert 'value="My reason"' in text
        assert RuleSet.objects.count() == 1
        client.post(PUBLISH, {"revision": answer.context["form"]["revision"].value(), "note": ""})
        assert RuleSet.objects.count() == 2

    def test_has_nothing_to_do_without_changes(self, client: Client, rule: Rule) -> None:
        assert client.get(PUBLISH).status_code == 302
        answer = client.post(PUBLISH, {"revision": revision(), "note": ""})
        assert answer.headers["location"] == LIST
        assert RuleSet.objects.count() == 1

    @pytest.mark.parametrize("form", [{}, {"revision": "x"}, {"revision": "9" * 30}])
    def test_needs_to_know_what_was_seen(
        self, client: Client, edited: Rule, form: dict[str, str]
    ) -> None:
        assert client.post(PUBLISH, form).status_code == 200
        assert client.post(DISCARD, form).status_code == 302
        assert RuleSet.objects.count() == 1
        assert rule_publishing.find_changes()


class TestPublishingLater:
    def test_is_said_above_the_list(self, client: Client, edited: Rule) -> None:
        answer = client.post(PLAN, plan_form(note="Holidays"), follow=True)
        assert "will be published by itself on" in answer.content.decode()
        assert "Asia/Tokyo" in answer.content.decode()
        draft = rule_publishing.read()
        assert draft.publish_due_at is not None
        assert (draft.publish_due_at.hour, draft.publish_note) == (0, "Holidays")

    def test_says_when_the_draft_is_another(self, client: Client, edited: Rule) -> None:
        client.post(PLAN, plan_form())
        rules.switch_on(edited, actor=Actor.system(), now=timezone.now())
        assert "The draft was changed afterwards" in client.get(LIST).content.decode()

    def test_says_when_its_planner_may_not_publish_any_more(
        self, client: Client, edited: Rule
    ) -> None:
        client.post(PLAN, plan_form())
        User.objects.update(role=Role.SUPERVISOR)
        page = sign_in(make_administrator(name="Zoe")).get(LIST).content.decode()
        assert "Whoever planned it may not publish any more" in page

    def test_is_canceled(self, client: Client, edited: Rule) -> None:
        client.post(PLAN, plan_form())
        client.get(CANCEL)
        assert rule_publishing.read().publish_due_at
        client.post(CANCEL)
        assert rule_publishing.read().publish_due_at is None

    @pytest.mark.parametrize(
        "wrong", [{"date": "2020-01-01"}, {"date": "x"}, {"time": "25:00"}, {"zone": "Mars"}]
    )
    def test_is_refused_at_the_field(
        self, client: Client, edited: Rule, wrong: dict[str, str]
    ) -> None:
        answer = client.post(PLAN, plan_form(**wrong))
        assert answer.context["plan_form"].errors
        assert rule_publishing.read().publish_due_at is None

    def test_is_not_for_another_draft_than_was_seen(self, client: Client, edited: Rule) -> None:
        client.post(PLAN, plan_form(revision=revision() - 1))
        assert rule_publishing.read().publish_due_at is None


class TestDiscarding:
    def test_asks_first(self, client: Client, edited: Rule) -> None:
        text = client.get(DISCARD).content.decode()
        assert "1 unpublished change is lost, whoever made it." in text
        assert rule_publishing.find_changes()
        client.post(DISCARD, {"revision": revision()})
        assert Rule.objects.get().is_active

    def test_is_refused_for_another_draft_than_was_seen(self, client: Client, edited: Rule) -> None:
        client.post(DISCARD, {"revision": revision() - 1})
        assert not Rule.objects.get().is_active


class TestTheHistory:
    def test_says_who_when_and_why(self, client: Client, ada: User, edited: Rule) -> None:
        client.post(PUBLISH, {"revision": revision(), "note": "Sale is over"})
        text = client.get(VERSIONS).content.decode()
        assert ada.name in text
        assert "Sale is over" in text
        assert text.index("Version 2") < text.index("Version 1")
        shown = client.get(f"{VERSIONS}2/").content.decode()
        assert "<ins>Off</ins>" in shown

    def test_makes_a_version_the_draft_again(self, client: Client, edited: Rule) -> None:
        client.post(PUBLISH, {"revision": revision(), "note": ""})
        assert client.get(f"{VERSIONS}1/restore/").status_code == 200
        assert not Rule.objects.get().is_active
        client.post(f"{VERSIONS}1/restore/")
        assert Rule.objects.get().is_active
        client.post(PUBLISH, {"revision": revision(), "note": ""})
        assert "From version 1" in client.get(VERSIONS).content.decode()

    def test_is_read_by_supervisors_and_restored_by_others(self, edited: Rule) -> None:
        client = sign_in(make_supervisor())
        assert client.get(VERSIONS).status_code == 200
        assert client.get(f"{VERSIONS}1/").status_code == 200
        assert client.post(f"{VERSIONS}1/restore/").status_code == 403

    @pytest.mark.parametrize("number", ["0", "2", "9" * 30])
    def test_has_no_other_versions(self, client: Client, rule: Rule, number: str) -> None:
        assert client.get(f"{VERSIONS}{number}/").status_code == 404

    def test_costs_the_same_for_many(
        self, client: Client, rule: Rule, django_assert_max_num_queries
    ) -> None:
        for _turn in range(4):
            for verb in (rules.switch_off, rules.switch_on):
                verb(rule, actor=Actor.system(), now=timezone.now())
                rule_publishing.publish(actor=Actor.system(), now=timezone.now())
        with django_assert_max_num_queries(14):
            client.get(VERSIONS)
