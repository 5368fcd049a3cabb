"""The pages of customers: who they are, and merging two that are one."""

import pytest

from conversations.models import Identity
from tests.console import sign_in
from tests.factories import (
    make_administrator,
    make_channel,
    make_contact,
    make_conversation,
    make_supervisor,
    make_team,
)
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
LIST = "/admin/conversations/contact/"


@pytest.fixture
def client():
    return sign_in(make_administrator())


def at(contact, name="change"):
    return f"{LIST}{contact.pk}/{name}/"


def text_of(answer):
    return answer.content.decode()


class TestTheList:
    def test_counts_the_conversations_of_each(self, client):
        dora = make_contact(name="Dora")
        for _ in range(2):
            make_conversation(contact=dora)
        page = client.get(LIST)
        assert "Dora" in text_of(page)
        assert [row.talks for row in page.context["cl"].result_list] == [2]

    @pytest.mark.parametrize("words", ["dora", "090 1234", "#{pk}"])
    def test_finds_by_name_number_and_id(self, client, words):
        dora = make_contact(name="Dora", address="+819012345678")
        make_contact(name="Emil")
        page = client.get(LIST, {"q": words.format(pk=dora.pk)})
        assert [row.name for row in page.context["cl"].result_list] == ["Dora"]

    def test_holds_what_a_supervisor_may_see_alone(self):
        sachi = make_supervisor()
        make_conversation(contact=make_contact(name="Dora"))
        foreign = make_contact(name="Emil")
        make_conversation(contact=foreign, team=make_team(name="Sales"))
        client = sign_in(sachi)
        page = client.get(LIST)
        assert [row.name for row in page.context["cl"].result_list] == ["Dora"]
        assert client.get(at(foreign)).status_code == 302


class TestThePage:
    def test_shows_addresses_conversations_and_who_may_be_the_same(self, client):
        dora = make_contact(name="Dora", address="+5511987654321")
        twin = make_contact(name="D.", address="+551187654321")
        talk = make_conversation(contact=dora)
        text = text_of(client.get(at(dora)))
        assert f"#{talk.pk}" in text
        assert "Perhaps the same person" in text
        assert f"#{twin.pk} D." in text

    def test_hints_at_the_same_number_on_another_service(self, client):
        dora, twin = make_contact(address="+819012345678"), make_contact(name="By SMS")
        Identity.objects.filter(contact=twin).update(medium="sms", address="+819012345678")
        assert "By SMS" in text_of(client.get(at(dora)))

    def test_hides_numbers_from_whoever_need_not_call(self):
        dora = make_contact(address="+819012345678")
        make_conversation(contact=dora)
        assert "+819012345678" not in text_of(sign_in(make_supervisor()).get(at(dora)))


class TestMerging:
    def test_asks_for_whom_shows_what_it_does_and_does_it(self, client):
        source = make_contact(name="D.", language="ja", tags=["vip"])
        target = make_contact(name="Dora")
        make_conversation(contact=source)

        assert "The same person as" in text_of(client.get(at(source, "merge")))
        preview = text_of(client.get(at(source, "merge"), {"into": f"#{target.pk}"}))
        assert "1 conversation goes to Dora" in preview
        assert "Tags afterwards: vip" in preview
        assert "Name: that of Dora stays." in preview
        source.refresh_from_db()
        assert source.merged_into is None

        given = {"into": f"#{target.pk}", "confirmed": "1"}
        answer = client.post(at(source, "merge"), given, follow=True)

        source.refresh_from_db()
        assert source.merged_into == target
        assert "D. is merged into Dora." in text_of(answer)
        assert "Two customers became one" in text_of(answer)

    def test_is_undone_from_the_page_of_the_one_that_stays(self, client):
        source, target = make_contact(name="D."), make_contact(name="Dora")
        client.post(at(source, "merge"), {"into": f"#{target.pk}", "confirmed": "1"})
        assert at(source, "unmerge") in text_of(client.get(at(target)))

        answer = client.post(at(source, "unmerge"), follow=True)

        source.refresh_from_db()
        assert source.merged_into is None
        assert "They are two customers again." in text_of(answer)

    def test_says_on_which_channel_both_have_something_open(self, client):
        channel = make_channel(name="WhatsApp Tokyo")
        source, target = make_contact(name="D."), make_contact(name="Dora")
        for contact in (source, target):
            make_conversation(channel=channel, contact=contact, now=MORNING)
        named = {"into": f"#{target.pk}"}
        assert "open conversation on WhatsApp Tokyo" in text_of(
            client.get(at(source, "merge"), named)
        )
        given = {**named, "confirmed": "1"}
        answer = client.post(at(source, "merge"), given, follow=True)
        assert "open conversation on WhatsApp Tokyo" in text_of(answer)
        source.refresh_from_db()
        assert source.merged_into is None

    @pytest.mark.parametrize("into", ["", "#0", "nobody", "#{pk}", "#999999999999999999999"])
    def test_asks_again_where_nobody_else_is_named(self, client, into):
        dora = make_contact(name="Dora")
        answer = client.post(at(dora, "merge"), {"into": into.format(pk=dora.pk), "confirmed": "1"})
        assert answer.status_code == 200
        assert "The same person as" in text_of(answer)
