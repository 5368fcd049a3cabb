"""Finished conversations in bulk: told in memory with the real engine, and stored table by table.

For the older part of the demo's history, and for as many as a speed test wants. Whatever is open
or recent is lived through the services instead (`life.py`).
"""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from conversations.actors import Actor
from conversations.models import Contact, Conversation, Identity, Survey, SurveyStatus
from conversations.models.assignment import EndReason
from conversations.states import Status
from routing.demo import folder
from routing.demo.crowd import Customer, Talk
from routing.demo.folder import Folder
from routing.demo.founding import Shop
from routing.demo.handing import Dispatcher
from routing.demo.pace import LONGEST_WAIT, Pace
from routing.demo.roster import Roster

SAVED_AT_ONCE = 500


class Archivist:
    """Tells finished conversations one after the other, in the order of time, and files them."""

    def __init__(self, shop: Shop, *, roster: Roster, rng: random.Random) -> None:
        self.shop = shop
        self.rng = rng
        self.pace = Pace(rng)
        self.dispatcher = Dispatcher(shop, roster=roster, pace=self.pace)
        self.identities: dict[str, Identity] = {}

    def file(self, talks: Iterable[tuple[datetime, Talk]]) -> int:
        """Tell and store every talk; return how many there were."""
        told: list[Folder] = []
        number = 0
        for at, talk in talks:
            told.append(self.tell(talk, at=at))
            number += 1
            if len(told) == SAVED_AT_ONCE:
                folder.save(told)
                told.clear()
        folder.save(told)
        return number

    def tell(self, talk: Talk, *, at: datetime) -> Folder:
        """Tell one conversation from the first message to its end."""
        told = self._open(talk, at=at)
        told.hear(self.rng.choice(talk.script.asks), now=at, rng=self.rng)
        now = self.dispatcher.assign(told, at=at)
        now = self._answer(told, talk, now=now)
        talk.customer.free_at = self._resolve(told, now=now)
        return told

    def _open(self, talk: Talk, *, at: datetime) -> Folder:
        channel = self.shop.channels[talk.line]
        identity = self._identity(talk.customer, medium=channel.medium, at=at)
        conversation = Conversation(
            contact=identity.contact,
            identity=identity,
            channel=channel,
            status=Status.NEW,
            opened_at=at,
        )
        told = Folder(talk.customer, channel, conversation)
        told.note("conversation.created", actor=Actor.contact(), now=at)
        return told

    def _identity(self, customer: Customer, *, medium: str, at: datetime) -> Identity:
        known = self.identities.get(customer.number)
        if known is None:
            contact = Contact(
                name=customer.name,
                phone=customer.number,
                language=customer.voice.language,
                tags=["vip"] if customer.is_vip else [],
                created_at=at,
            )
            known = Identity(contact=contact, medium=medium, address=customer.number, created_at=at)
            self.identities[customer.number] = known
        return known

    def _answer(self, told: Folder, talk: Talk, *, now: datetime) -> datetime:
        """Answer as often as the talk has rounds; the customer adds something in between."""
        user_id = told.conversation.assignee_id or 0
        actor = Actor.person(user_id, self.dispatcher.names[user_id])
        latest = max(now, told.conversation.opened_at + LONGEST_WAIT)
        roster, handle = self.dispatcher.roster, self.dispatcher.handles[user_id]
        online = roster.first_online(handle, since=now) or latest
        now = min(self.pace.later(online, 4), latest)
        told.move("conversation.in_progress", to=Status.IN_PROGRESS, actor=actor, now=now)
        told.conversation.first_replied_at = now
        for place in range(talk.rounds + 1):
            text = talk.script.answers[min(place, len(talk.script.answers) - 1)]
            read_at = self.pace.later(now, 1)
            told.say(text, author=actor, now=now, rng=self.rng, read_at=read_at)
            if place < talk.rounds:
                now = self.pace.later(read_at, 6)
                told.hear(self.rng.choice(talk.script.adds), now=now, rng=self.rng)
                now = self.pace.later(now, 4)
        return self.pace.later(now, 12)

    def _resolve(self, told: Folder, *, now: datetime) -> datetime:
        """Resolve and ask for a rating; return when the conversation was closed."""
        conversation = told.conversation
        user_id = conversation.assignee_id or 0
        actor = Actor.person(user_id, self.dispatcher.names[user_id])
        self.dispatcher.floor.release(user_id, at=now)
        told.move("conversation.resolved", to=Status.RESOLVED, actor=actor, now=now)
        conversation.resolved_at, conversation.resolution_count = now, 1
        told.assignments[-1].ended_at = now
        told.assignments[-1].end_reason = EndReason.RESOLVED
        survey = Survey(
            resolution=1, agent_id=user_id, team_id=conversation.team_id, created_at=now
        )
        told.surveys.append(survey)
        _note_survey(told, survey, "survey.sent", now=now)
        with translation.override(conversation.contact.language):
            text = _("How did we do? Answer with a number from 1 (bad) to 5 (great).")
        survey.question = told.say(
            text, author=Actor.system(), now=now, rng=self.rng, read_at=self.pace.later(now, 1)
        )
        return self._close(told, survey, now=now)

    def _close(self, told: Folder, survey: Survey, *, now: datetime) -> datetime:
        """Close it: rated, or when the wait for a rating is over."""
        if self.pace.happens("rates"):
            now = self.pace.later(now, 12)
            survey.status, survey.rating = SurveyStatus.ANSWERED, self.pace.rating()
            survey.answered_at = now
            told.hear(str(survey.rating), now=now, rng=self.rng)
            _note_survey(told, survey, "survey.answered", now=now)
            actor = Actor.contact()
        else:
            now += timedelta(seconds=told.channel.survey_wait_s)
            survey.status = SurveyStatus.EXPIRED
            actor = Actor.system()
        told.move("conversation.closed", to=Status.CLOSED, actor=actor, now=now)
        told.conversation.closed_at = now
        return now


def _note_survey(told: Folder, survey: Survey, type_: str, *, now: datetime) -> None:
    told.note(
        type_,
        actor=Actor.contact() if survey.rating else Actor.system(),
        now=now,
        resolution=survey.resolution,
        rating=survey.rating,
        comment=survey.comment,
        skip_reason=survey.skip_reason,
        agent_id=survey.agent_id,
        team_id=survey.team_id,
    )
