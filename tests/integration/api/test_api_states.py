"""The whole table of states, as the API and the console let people go through it."""

import itertools

import pytest

from conversations.models import Conversation
from conversations.states import Status
from tests.console import sign_in
from tests.factories import make_administrator
from tests.integration.conversations.test_states_in_rows import brought_to

pytestmark = pytest.mark.django_db
#: Where each state leads, as it was agreed; "open" is what is new or in progress.
LEADS_TO = {
    Status.NEW: {"bot", "snoozed", "resolved"},
    Status.IN_PROGRESS: {"bot", "snoozed", "resolved"},
    Status.BOT: {"open", "snoozed", "resolved"},
    Status.SNOOZED: {"open", "bot", "resolved"},
    Status.RESOLVED: {"open", "bot", "closed"},
    Status.CLOSED: {"open"},
}
WORDS = ("open", "bot", "snoozed", "resolved", "closed")
#: What a word of the API becomes in the rows.
BECOMES = {"open": Status.NEW}


class TestTheApi:
    @pytest.mark.parametrize(("seen", "word"), list(itertools.product(Status, WORDS)))
    def test_moves_or_refuses_naming_both_states(self, api, seen, word):
        conversation, _alice = brought_to(seen)

        answer = api.post(f"conversations/{conversation.public_id}/status/", {"status": word})

        conversation.refresh_from_db()
        if word not in LEADS_TO[seen]:
            assert answer.status_code == 409
            problem = answer.json()
            assert problem["code"] == "conversation.illegal_transition"
            for state in (seen, BECOMES.get(word, word)):
                assert str(state) in problem["detail"], problem
            assert conversation.status == seen
        elif word == "bot":  # no person is a bot: that is for flows and AI agents
            assert answer.status_code == 422
            assert conversation.status == seen
        else:
            assert answer.status_code == 200
            assert conversation.status == BECOMES.get(word, word)


class TestTheConsole:
    BUTTONS = {"resolve": "resolved", "reopen": "open", "snooze": "snoozed"}

    @pytest.mark.parametrize(("seen", "button"), list(itertools.product(Status, BUTTONS)))
    def test_offers_what_is_possible_and_refuses_the_rest_in_words(self, seen, button):
        conversation, _alice = brought_to(seen)
        ada = sign_in(make_administrator())
        page = f"/admin/conversations/conversation/{conversation.pk}/"
        is_possible = self.BUTTONS[button] in LEADS_TO[seen]
        if (seen, button) == (Status.BOT, "reopen"):
            button = "to-people"  # what a bot has is open: people take it over

        offered = f"{page}{button}/" in ada.get(f"{page}change/").content.decode()
        answer = ada.post(f"{page}{button}/", {"until": "tomorrow"}, follow=True)

        assert offered == is_possible
        after = Conversation.objects.get(pk=conversation.pk).status
        refusal = "Nothing was changed: the conversation is not in that state any more."
        assert (refusal in answer.content.decode()) != is_possible
        assert (after != seen) == is_possible
