"""Every page that a link leads to: it opens, changes nothing, and needs nothing that the policy
forbids."""

import re
from collections import deque
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.db import connection
from django.test import Client

from teams.models import Role, User
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_rule,
    make_team,
)

pytestmark = pytest.mark.django_db
PAGES_MAX = 300
LINK = re.compile(r"""<a\b[^>]*\bhref=["']([^"'#]+)""", re.I)
WRITES = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.I)
# Reading a page may renew the reader's own session.
NOBODYS_BUSINESS = {"django_session"}
FORBIDDEN = {
    "an inline script": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/json)[^>]*>\s*\S", re.I
    ),
    "an inline style": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"<[a-z][^>]*\sstyle=[\"']", re.I),
    "an event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+=[\"']", re.I),
    "a javascript: address": re.compile(r"(?:href|action)=[\"']javascript:", re.I),
    "a foreign resource": re.compile(
        r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"']https?:", re.I
    ),
}


@dataclass
class Walk:
    """What was seen on the way through the console, by address."""

    statuses: dict[str, int] = field(default_factory=dict)
    writes: dict[str, list[str]] = field(default_factory=dict)
    offences: list[tuple[str, str]] = field(default_factory=list)


def walk(client: Client, *, starts: tuple[str, ...]) -> Walk:
    """Open every page that links lead to, one of each shape: lists differ in their queries."""
    seen = Walk()
    waiting, shapes = deque(starts), set(starts)
    while waiting and len(seen.statuses) < PAGES_MAX:
        address = waiting.popleft()
        written: list[str] = []
        with connection.execute_wrapper(_remember_writes(written)):
            answer = client.get(address)
        seen.statuses[address] = answer.status_code
        if written:
            seen.writes[address] = written
        if answer.status_code in (301, 302):
            found = [answer.headers["location"]]
        elif "text/html" in answer.headers.get("content-type", ""):
            html = answer.content.decode()
            seen.offences += [
                (address, name) for name, mark in FORBIDDEN.items() if mark.search(html)
            ]
            found = [unescape(link) for link in LINK.findall(html)]
        else:
            found = []
        for link in found:
            target = urldefrag(urljoin(address, link)).url
            shape = _shape(target)
            is_combined = "&" in urlsplit(target).query
            if urlsplit(target).netloc == "" and not is_combined and shape not in shapes:
                shapes.add(shape)
                waiting.append(target)
    return seen


def _shape(address: str) -> str:
    """Return the address with numbers and values taken out."""
    parts = urlsplit(address)
    names = sorted(piece.split("=")[0] for piece in parts.query.split("&") if piece)
    return re.sub(r"\d+|[0-9a-f-]{36}", "0", parts.path) + "?" + "&".join(names)


def _remember_writes(written: list[str]) -> Any:
    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        found = WRITES.match(sql)
        if found and found[2] not in NOBODYS_BUSINESS:
            written.append(sql)
        return execute(sql, params, many, context)

    return wrapper


@pytest.fixture
def house() -> None:
    """One of everything, so that every list has a row and every row a page."""
    alice, bob = make_agent(name="Alice", capacity=5), make_agent(name="Bob")
    support = make_team(members=(alice, bob))
    channel = make_channel(agents=(alice, bob), has_survey=True)
    make_rule(conditions=(("text", "contains", "refund"),), team=support)
    dora = make_contact(name="<b>Dora</b>")
    conversation = make_conversation(channel=channel, contact=dora, team=support)
    make_message(conversation=conversation, body="<script>alert(1)</script>")


@pytest.fixture(params=[Role.OWNER, Role.SUPERVISOR], ids=lambda role: role.name)
def reader(request: pytest.FixtureRequest, client: Client, house: None) -> Client:
    person = User.objects.create_user("chen@example.test", name="Chen", role=request.param)
    client.force_login(person, backend="config.backends.RoleBackend")
    return client


class TestTheConsole:
    def test_opens_and_changes_nothing_and_obeys_the_policy(self, reader: Client) -> None:
        seen = walk(reader, starts=("/admin/", "/simulator/"))
        assert not {page: code for page, code in seen.statuses.items() if code >= 400}
        assert not seen.writes
        assert not seen.offences
        assert len(seen.statuses) > 10
