"""Turns the values of `shop.py` into people, teams, channels and rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from channels.models import Channel, Provider
from channels.services import channels
from conversations.actors import Actor
from routing.ai.base import Entry
from routing.demo import menu_flow, shop
from routing.demo.shop import Colleague, Crew, Guideline, Line, Opening
from routing.models import AiAgent, AiKind, Condition, Rule
from routing.services import ai_agents, rule_publishing
from teams.hours import DayException
from teams.models import BusinessHours, Strategy, Team, User, Weekday
from teams.services import hours, memberships, people, shifts
from teams.shifts import ShiftSpec, weekly

_COLLEAGUES = {person.handle: person for person in shop.PEOPLE}


@dataclass(frozen=True, slots=True)
class Shop:
    """The rows of the shop, by the handles, codes and keys that `shop.py` gives them."""

    people: dict[str, User]
    teams: dict[str, Team]
    channels: dict[str, Channel]


@transaction.atomic
def found(*, passwords: dict[str, str], language: str, now: datetime) -> Shop:
    """Open the shop: people, teams, channels, rules; named in `language`.

    `passwords` are by e-mail; who has none there cannot sign in.
    """
    with translation.override(language):
        staff = {person.handle: _hire(person) for person in shop.PEOPLE}
        _let_in(staff.values(), passwords=passwords, language=language)
        openings = {opening.code: _open_hours(opening) for opening in shop.OPENINGS}
        teams = {
            crew.code: _gather(crew, staff=staff, openings=openings, now=now) for crew in shop.TEAMS
        }
        lines = {line.key: _open_line(line, staff=staff, now=now) for line in shop.LINES}
        opened = Shop(staff, teams, lines)
        _teach(now=now)
        for position, rule in enumerate(shop.RULES):
            _lay_down(rule, position=position, opened=opened)
        rule_publishing.publish(actor=Actor.system(), now=now)
        menu_flow.draw(teams, now=now)
    looks_after = [staff[person.handle].pk for person in shop.PEOPLE if not person.is_answering]
    User.objects.filter(pk__in=looks_after).update(is_receiving=False)
    return opened


def find() -> Shop:
    """Return the shop that is there already."""
    lines = {line.number: line.key for line in shop.LINES}
    return Shop(
        people={str(user.code): user for user in User.objects.exclude(code=None)},
        teams={team.code: team for team in Team.objects.all()},
        channels={
            lines[channel.phone_number]: channel
            for channel in Channel.objects.filter(phone_number__in=lines)
        },
    )


def _hire(person: Colleague) -> User:
    return people.create(
        email=person.email,
        name=person.name,
        role=person.role,
        capacity=person.capacity if person.is_answering else None,
        code=person.handle,
        time_zone=person.zone,
    )


def _let_in(staff: Iterable[User], *, passwords: dict[str, str], language: str) -> None:
    """Give passwords out. Each different one is hashed once: that is slow on purpose."""
    hashes = {password: make_password(password) for password in set(passwords.values())}
    for user in staff:
        if user.email in passwords:
            user.password, user.language = hashes[passwords[user.email]], language
            user.save(update_fields=["password", "language"])


def _open_hours(opening: Opening) -> BusinessHours:
    return hours.create(
        code=opening.code,
        name=_(opening.name),
        time_zone=opening.zone,
        week=[opening.days.get(day.value, ()) for day in Weekday],
        exceptions=[
            DayException(day, label=_(label), is_yearly=True) for day, label in opening.closed
        ],
    )


def _gather(
    crew: Crew, *, staff: dict[str, User], openings: dict[str, BusinessHours], now: datetime
) -> Team:
    team = Team(
        code=crew.code,
        name=_(crew.name),
        description=_(crew.description),
        strategy=crew.strategy,
        default_user=staff[crew.default_handle] if crew.default_handle else None,
        is_reassigning=crew.reassign_after_s is not None,
        hours=openings.get(crew.hours),
    )
    if crew.reassign_after_s is not None:
        team.reassign_after_s = crew.reassign_after_s
    team.full_clean()
    team.save()
    for handle in crew.handles:
        membership = memberships.join(team, user=staff[handle], now=now)
        if crew.strategy == Strategy.SHIFT:
            shifts.set_shifts(membership, shifts=_plan(_COLLEAGUES[handle]), now=now)
    return team


def _plan(person: Colleague) -> list[ShiftSpec]:
    """Return the person's hours on working days, in their own zone."""
    return [weekly(day, *person.day, zone=person.zone) for day in shop.WORKDAYS]


def _open_line(line: Line, *, staff: dict[str, User], now: datetime) -> Channel:
    channel = channels.create(
        provider=Provider.SIMULATOR,
        name=_(line.name),
        now=now,
        phone_number=line.number,
        time_zone=line.zone,
        distribution=line.distribution,
        has_survey=True,
    )
    for handle in line.handles:
        channels.join(channel, user=staff[handle], now=now)
    return channel


def _teach(*, now: datetime) -> None:
    """Set up the AI agent, stopped: the two weeks before are people's work."""
    agent = AiAgent(
        name=_(shop.AI_AGENT), kind=AiKind.FAQ, handover_words=list(shop.HANDOVER_WORDS)
    )
    entries = [Entry(known.question, known.answer, known.words) for known in shop.KNOWLEDGE]
    ai_agents.save(agent, entries=entries, now=now)


def _lay_down(rule: Guideline, *, position: int, opened: Shop) -> None:
    row = Rule.objects.create(
        name=_(rule.name),
        position=position,
        is_active=rule.is_active,
        match=rule.match,
        team=opened.teams.get(rule.team),
        person=opened.people.get(rule.handle),
        ai_agent=AiAgent.objects.get() if rule.asks_ai else None,
        add_tags=list(rule.tags),
        set_priority=rule.priority,
        note=_(rule.note) if rule.note else "",
    )
    row.channels.set([opened.channels[key] for key in rule.lines])
    for position, (field, operator, value) in enumerate(rule.conditions):
        Condition.objects.create(
            rule=row, position=position, field=field, operator=operator, value=value
        )
