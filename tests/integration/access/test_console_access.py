"""Who may do what in the console: every address, looked at and posted to, by everybody.

The table is `console.txt`; see there and in `test_api_access.py` what to do about a new address.
"""

import re

import pytest
from django.http import HttpResponse
from django.urls import reverse

from tests.addresses import admin_addresses
from tests.integration.access import table
from tests.integration.access.house import (
    CANARY,
    OF_CONVERSATIONS,
    OF_LISTS,
    OF_PEOPLE,
    OF_TEAMS,
    OF_THINGS,
)
from tests.integration.access.table import Row
from tests.integration.access.test_api_access import nothing_stays

#: Machinery of the log-in, and the last address, which answers whatever is no address.
OPEN = {"login", "logout", "jsi18n", "language"}
LAST = "/admin/(?P<url>.*)$"
PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")
pytestmark = pytest.mark.django_db
ADDRESSES = {
    path: pattern
    for path, pattern in admin_addresses()
    if path != LAST and pattern.name not in OPEN and "app_label" not in path
}
PAIRS = [(path, method) for path in ADDRESSES for method in ("GET", "POST")]
TABLE = table.read_console()
_KINDS = {
    "conversation": OF_CONVERSATIONS,
    "survey": OF_CONVERSATIONS,
    "contact": OF_CONVERSATIONS,
    "callback": OF_CONVERSATIONS,
    "team": OF_TEAMS,
    "user": OF_PEOPLE,
}
#: A key that no row has.
NOBODY = 471100


def model_of(path):
    """Return the name of the model whose pages these are; blank for others."""
    words = path.removeprefix("/admin/").split("/")
    return words[1] if len(words) > 2 and not words[1].startswith("<") else ""


def kinds_of(path):
    return _KINDS.get(model_of(path), OF_THINGS) if PLACE.search(path) else OF_LISTS


def find(house, model, *, whose, caller):
    """Return the row that the page is about, None if there is none."""
    if whose == "absent":
        return None
    conversation = house.conversation(whose, caller)
    rows = {
        "conversation": lambda: conversation,
        "survey": lambda: conversation and conversation.surveys.get(),
        "contact": lambda: conversation and conversation.contact,
        "callback": lambda: house.callback(whose, caller),
        "team": lambda: house.team(whose),
        "user": lambda: house.person(whose, caller),
    }
    return rows[model]() if model in rows else house.things().get(model)


def fill(path, house, *, whose, caller):
    row = find(house, model_of(path), whose=whose, caller=caller)
    conversation = house.conversation(whose, caller)
    message = conversation and conversation.messages.order_by("pk").first()
    lost = "failed" if path.endswith("retry/") else "stored"
    file = message and message.attachments.get(state=lost)
    places = {
        "file_id": str(file.public_id) if file else "00000000-0000-0000-0000-000000004711",
        "message_id": str(message.public_id) if message else "00000000-0000-0000-0000-000000004711",
        "number": "4711" if whose == "absent" else "1",
        "subject": "teams",
        "user_id": str(house.bob.pk),
    }
    key = str(row.pk if row else NOBODY)
    return PLACE.sub(lambda found: places.get(found[2], key), path)


def word_for(answer: HttpResponse) -> str:
    is_redirect = answer.status_code == 302
    return (
        "gone"
        if is_redirect and answer.headers["Location"] == "/admin/"
        else str(answer.status_code)
    )


def ask(house, caller, path, method, *, whose):
    with nothing_stays():
        client = house.browsers[caller]
        client.cookies.pop("messages", None)
        address = fill(path, house, whose=whose, caller=caller)
        answer = client.get(address) if method == "GET" else client.post(address, {})
        answer.said = [str(each) for each in answer.wsgi_request._messages]
        return answer


def told(answer):
    """What somebody is told who finds nothing, without the number that they asked for."""
    return [re.sub(r"“[^”]+”", "“…”", each) for each in answer.said]


@pytest.mark.parametrize(("path", "method"), PAIRS)
class TestPage:
    def test_is_open_to_whom_the_table_says(self, house, path, method):
        answers = {
            (whose, caller): ask(house, caller, path, method, whose=whose)
            for whose in kinds_of(path)
            for caller in TABLE.callers
        }

        different = TABLE.differences(
            {
                Row(method, path, whose): {
                    caller: word_for(answers[whose, caller]) for caller in TABLE.callers
                }
                for whose in kinds_of(path)
            }
        )

        assert not different, f"Not as in {table.CONSOLE.name}:\n" + "\n".join(different)
        for (whose, caller), answer in answers.items():
            if word_for(answer) == "gone" and "absent" in kinds_of(path):
                assert told(answer) == told(answers["absent", caller]), (
                    f"{caller} can tell: {whose}"
                )
            if caller == "supervisor":
                heard = answer.getvalue().decode() + str(answer.said)
                assert CANARY not in heard, f"{caller} is told: {whose}"

    def test_sends_agents_to_the_door(self, house, path, method):
        for caller in ("agent", "senior"):
            answer = ask(house, caller, path, method, whose=kinds_of(path)[0])

            assert answer.status_code == 302
            assert reverse("admin:login") in answer.headers["Location"]


class TestTable:
    def test_has_no_row_for_what_there_is_not(self):
        there = {Row(method, path, whose) for path, method in PAIRS for whose in kinds_of(path)}

        assert set(TABLE.rows) <= there
