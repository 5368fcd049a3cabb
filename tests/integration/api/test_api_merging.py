"""Merging contacts over the API: a rehearsal, the merge, and the way back."""

import pytest

from conversations.models import Contact, Identity, PossibleDuplicate
from tests.factories import (
    make_api_key,
    make_channel,
    make_contact,
    make_conversation,
    make_supervisor,
    make_team,
)
from tests.integration.api.conftest import ApiCaller
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


def merge(api, source, target, **more):
    return api.post(f"contacts/{source.public_id}/merge/", {"into": str(target.public_id), **more})


class TestMerging:
    def test_is_rehearsed_without_changing_anything(self, api):
        source, target = make_contact(name="D.", language="ja"), make_contact(name="Dora")
        make_conversation(contact=source)

        answer = merge(api, source, target, dry_run=True)

        assert answer.status_code == 200
        body = answer.json()
        assert (body["conversations"], body["addresses"], body["refusal"]) == (1, 1, None)
        assert (body["changed"], body["kept"]) == (["language"], ["name", "phone"])
        assert not Contact.objects.exclude(merged_into=None).exists()

    def test_shows_the_contact_that_stays_and_leaves_the_other_out_of_the_list(self, api):
        source, target = make_contact(tags=["vip"]), make_contact()

        answer = merge(api, source, target)

        assert answer.json()["contact"]["id"] == str(target.public_id)
        assert answer.json()["contact"]["tags"] == ["vip"]
        assert len(answer.json()["contact"]["identities"]) == 2
        listed = [row["id"] for row in api.get("contacts/").json()["data"]]
        assert listed == [str(target.public_id)]
        kept = api.get(f"contacts/{source.public_id}/").json()
        assert kept["merged_into"] == str(target.public_id)

    def test_is_parted_again(self, api):
        source, target = make_contact(), make_contact()
        merge(api, source, target)

        answer = api.post(f"contacts/{source.public_id}/unmerge/", {})

        assert answer.status_code == 200
        assert answer.json()["merged_into"] is None
        assert len(answer.json()["identities"]) == 1
        again = api.post(f"contacts/{source.public_id}/unmerge/", {})
        assert (again.status_code, again.json()["code"]) == (409, "contact.not_merged")

    def test_is_refused_where_both_have_something_open(self, api):
        channel = make_channel()
        source, target = make_contact(), make_contact()
        for contact in (source, target):
            make_conversation(channel=channel, contact=contact)

        answer = merge(api, source, target)

        assert (answer.status_code, answer.json()["code"]) == (409, "contact.both_open")
        rehearsed = merge(api, source, target, dry_run=True)
        assert rehearsed.json()["refusal"] == "contact.both_open"

    @pytest.mark.parametrize(
        "body",
        [{}, {"into": "x"}, {"into": None}, {"into": "01990000-0000-7000-8000-000000000001"}],
    )
    def test_refuses_what_names_no_contact(self, api, body):
        answer = api.post(f"contacts/{make_contact().public_id}/merge/", body)
        assert answer.status_code == 422
        assert "into" in answer.json()["fields"]

    def test_leaves_a_contact_that_cannot_be_changed(self, api):
        source, target = make_contact(), make_contact()
        merge(api, source, target)
        answer = api.patch(f"contacts/{source.public_id}/", {"name": "Dora"})
        assert (answer.status_code, answer.json()["code"]) == (409, "contact.merged")


class TestPossibleDuplicates:
    def names(self, api, contact):
        answer = api.get(f"contacts/{contact.public_id}/possible-duplicates/")
        assert answer.status_code == 200
        return sorted(row["name"] for row in answer.json()["data"])

    def test_are_listed_from_either_side(self, api):
        dora = make_contact(name="Dora", address="+5511987654321")
        spelled = make_contact(name="Other spelling", address="+551187654321")
        by_sms, noted = make_contact(name="By SMS"), make_contact(name="Noted")
        Identity.objects.filter(contact=by_sms).update(medium="sms", address="+5511987654321")
        PossibleDuplicate.objects.create(contact=dora, other=noted, noted_at=MORNING)
        make_contact(name="Emil")

        assert self.names(api, dora) == ["By SMS", "Noted", "Other spelling"]
        assert self.names(api, noted) == ["Dora"]
        assert "Dora" in self.names(api, spelled)

    def test_are_none_once_they_are_merged(self, api):
        dora, twin = make_contact(name="Dora"), make_contact(name="D.")
        PossibleDuplicate.objects.create(contact=dora, other=twin, noted_at=MORNING)
        merge(api, twin, dora)
        assert self.names(api, dora) == []

    def test_are_those_alone_that_the_caller_may_see(self):
        dora, foreign = make_contact(name="Dora"), make_contact(name="Foreign")
        make_conversation(contact=dora)
        make_conversation(contact=foreign, team=make_team(name="Sales"))
        PossibleDuplicate.objects.create(contact=dora, other=foreign, noted_at=MORNING)
        narrow = ApiCaller(make_api_key(user=make_supervisor(), scopes=["read"]))
        assert self.names(narrow, dora) == []
        assert narrow.get(f"contacts/{foreign.public_id}/possible-duplicates/").status_code == 404
