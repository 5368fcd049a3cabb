"""The same work as most Django projects would write it: models, get_or_create and save.

One transaction per message, the team locked while somebody is picked, connections kept open. No
hand-written SQL, nothing cached, nothing left out.
"""

import json
import os
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from twilio.request_validator import RequestValidator

from channels.models import Channel, Envelope, EnvelopeOutcome
from conversations.models import Assignment, Contact, Conversation, Event, Identity, Message
from conversations.states import OPEN, Status
from routing.models import Decision, Rule
from teams.models import Presence, Strategy, Team, User

PUBLIC_URL = json.loads(os.environ["BENCHMARK_WORLD"])["door"]["public_url"]


@csrf_exempt
def inbound(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    channel = Channel.objects.get(provider=provider, token=token, is_active=True)
    signature = request.headers["X-Twilio-Signature"]
    if not RequestValidator(channel.auth_token).validate(PUBLIC_URL, request.POST, signature):
        return HttpResponse(status=403)
    with transaction.atomic():
        receive(channel, request, signature, now=timezone.now())
    return HttpResponse("<Response/>", content_type="text/xml")


def receive(channel: Channel, request: HttpRequest, signature: str, *, now: datetime) -> None:
    form = request.POST
    _, is_first = Envelope.objects.get_or_create(
        channel=channel,
        dedupe_key=form["MessageSid"],
        defaults={
            "signature": signature,
            "content_type": request.headers["Content-Type"],
            "raw_body": request.body,
            "outcome": EnvelopeOutcome.ACCEPTED,
            "received_at": now,
        },
    )
    if not is_first:
        return
    identity = get_identity(form, now=now)
    conversation, is_started = Conversation.objects.select_for_update().get_or_create(
        contact=identity.contact,
        channel=channel,
        status__in=[*OPEN, Status.BOT],
        defaults={
            "identity": identity,
            "status": Status.NEW,
            "opened_at": now,
            "last_message_at": now,
            "waiting_since": now,
        },
    )
    conversation.message_count += 1
    conversation.last_message_at = now
    conversation.last_inbound_at = now
    conversation.waiting_since = conversation.waiting_since or now
    conversation.save()
    message = Message.objects.create(
        conversation=conversation,
        channel=channel,
        sequence=conversation.message_count,
        direction="inbound",
        author_kind="contact",
        body=form["Body"],
        provider_message_id=form["MessageSid"],
        created_at=now,
    )
    if is_started:
        note("conversation.created", conversation, now=now)
    note("message.received", conversation, now=now, message=str(message.public_id))
    if is_started:
        route(conversation, form["Body"], now=now)


def get_identity(form: Any, *, now: datetime) -> Identity:
    address = form["From"].removeprefix("whatsapp:")
    try:
        return Identity.objects.select_related("contact").get(medium="whatsapp", address=address)
    except Identity.DoesNotExist:
        contact = Contact.objects.create(name=form["ProfileName"], phone=address, created_at=now)
        return Identity.objects.create(
            contact=contact, medium="whatsapp", address=address, created_at=now
        )


def route(conversation: Conversation, text: str, *, now: datetime) -> None:
    steps = []
    for rule in Rule.objects.filter(is_active=True).prefetch_related("conditions", "channels"):
        words = [word.strip().lower() for c in rule.conditions.all() for word in c.value.split(",")]
        has_matched = any(word in text.lower() for word in words)
        steps.append({"stage": "rule", "rule": rule.name, "matched": has_matched})
        if has_matched:
            assign(conversation, rule.team, steps, now=now)
            return


def assign(conversation: Conversation, team: Team, steps: list, *, now: datetime) -> None:
    team = Team.objects.select_for_update().get(pk=team.pk)
    people = list(
        team.members.filter(is_active=True, is_receiving=True, presence=Presence.ONLINE).order_by(
            "memberships__position"
        )
    )
    chosen = pick(team, people)
    chosen.load += 1
    chosen.last_assigned_at = now
    chosen.save()
    team.cursor_member = chosen
    team.save()
    conversation.team = team
    conversation.assignee = chosen
    conversation.version += 1
    conversation.save()
    assignment = Assignment.objects.create(
        conversation=conversation, team=team, user=chosen, kind="rule", started_at=now
    )
    note("conversation.assigned", conversation, now=now, user_id=chosen.pk, team_id=team.pk)
    facts = [
        {
            "user_id": p.pk,
            "name": p.name,
            "presence": p.presence,
            "load": p.load,
            "capacity": p.capacity,
        }
        for p in people
    ]
    Decision.objects.create(
        conversation=conversation,
        assignment=assignment,
        trigger="inbound",
        outcome="assigned",
        facts={"candidates": facts, "strategy": team.strategy},
        steps=[*steps, {"stage": "strategy", "candidates": facts}],
        answer={"user_id": chosen.pk, "team_id": team.pk},
        decided_at=now,
    )


def pick(team: Team, people: list[User]) -> User:
    if team.strategy == Strategy.LEAST_BUSY:
        return min(people, key=lambda person: person.load)
    ids = [person.pk for person in people]
    after = ids.index(team.cursor_member_id) + 1 if team.cursor_member_id in ids else 0
    return people[after % len(people)]


def note(type: str, conversation: Conversation, *, now: datetime, **data: Any) -> None:
    Event.objects.create(
        type=type,
        conversation=conversation,
        contact=conversation.contact,
        actor_kind="contact",
        data=data,
        occurred_at=now,
    )


urlpatterns = [path("webhooks/<slug:provider>/<slug:token>/", inbound)]
