"""Merging contacts over the API: a rehearsal, the merge, and the way back."""

import pytest

from conversations.models import Contact
from tests.factories import make_channel, make_contact, make_conversation

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
