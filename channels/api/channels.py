"""Channels: the numbers and services that customers write to."""

from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from channels.api.serializers import (
    AnyChannelOut,
    ChannelChanges,
    ChannelMemberBody,
    ChannelOut,
    ChannelParameters,
    CheckOut,
    ManagedChannelOut,
    NewChannel,
)
from channels.api.survey_templates import take_survey_templates, write_survey_templates
from channels.api.texts import take_hours, take_texts, write_texts
from channels.models import (
    PROVIDER_FIELDS,
    REQUIRED_FIELDS,
    Channel,
    ChannelMember,
    Medium,
    Provider,
)
from channels.secrets import is_set
from channels.services import channels, checks
from teams.api.endpoints import Endpoint
from teams.api.once import once, once_by_item
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import ConflictProblem, FieldProblem, NotFoundProblem
from teams.api.references import find_person, pick_person
from teams.api.serializers import MemberOut
from teams.permissions import Right, is_allowed
from teams.scopes import Scope

TWILIO_EXAMPLE = {
    "provider": "twilio",
    "name": "WhatsApp",
    "medium": "whatsapp",
    "account_sid": "AC00000000000000000000000000000000",
    "auth_token": "…",
    "phone_number": "+14155550100",
}
GREETING = {
    "has_greeting": True,
    "greeting": [
        {"language": "en", "text": "Hello {contact_name}!"},
        {"language": "fr", "text": "Bonjour {contact_name} !"},
    ],
}
CLOUD_EXAMPLE = {
    "provider": "whatsapp_cloud",
    "name": "WhatsApp",
    "phone_number_id": "106540352242922",
    "business_account_id": "102290129340398",
    "access_token": "…",
    "app_secret": "…",
}
ENGAGELAB_EXAMPLE = {
    "provider": "engagelab",
    "name": "WhatsApp",
    "phone_number": "+447911123456",
    "dev_key": "…",
    "dev_secret": "…",
}
REQUIRED = ("required", _("A Twilio channel needs this."))
NEEDED = ("required", _("A channel of this provider needs this."))
NOT_OF_PROVIDER = ("not_of_provider", _("Channels of this provider have nothing of the kind."))
WHATSAPP_ALONE = ("whatsapp_alone", _("This provider has WhatsApp alone."))
ONE_SENDER = ("one_sender", _("Give either phone_number or messaging_service_sid."))
WHOLE_KEY = ("required", _("An API key has a SID and a secret; give both."))
TAKEN = ("unique", _("Another channel has this already."))


class ChannelsEndpoint(Endpoint):
    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.EDIT_CHANNELS}
    parameters = ChannelParameters
    orderings = {"id": ("pk",), "-id": ("-pk",)}

    @describe("listChannels", "List channels", page_of=AnyChannelOut)
    def get(self, request: Request) -> Response:
        rows = _shown().filter(**self.filters)
        return self.page(rows, serializer=_shape(request))

    @describe(
        "createChannel",
        "Set up a channel",
        body=NewChannel,
        answer=ManagedChannelOut,
        status=status.HTTP_201_CREATED,
        examples={
            "WhatsApp through Twilio": TWILIO_EXAMPLE,
            "WhatsApp Cloud": CLOUD_EXAMPLE,
            "WhatsApp through EngageLab": ENGAGELAB_EXAMPLE,
        },
    )
    @once
    def post(self, request: Request) -> Response:
        body = self.read_body(NewChannel)
        take_hours(body)
        texts, templates = take_texts(body), take_survey_templates(body)
        _check(Channel(provider=body["provider"]), changes=body)
        with transaction.atomic():
            channel = channels.create(now=timezone.now(), **body)
            write_texts(channel, texts)
            write_survey_templates(channel, templates)
        return Response(ManagedChannelOut(channel).data, status=status.HTTP_201_CREATED)


class ChannelEndpoint(Endpoint):
    scopes = {"PATCH": Scope.CHANNELS}
    rights = {"PATCH": Right.EDIT_CHANNELS}

    @describe("getChannel", "Read one channel", answer=AnyChannelOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(_shape(request)(_pick(public_id)).data)

    @describe(
        "updateChannel",
        "Change a channel",
        body=ChannelChanges,
        answer=ManagedChannelOut,
        refusals=(409,),
        examples={"switch it off": {"is_active": False}, "greet in two languages": GREETING},
    )
    @once
    def patch(self, request: Request, public_id: UUID) -> Response:
        channel = _pick(public_id)
        changes = self.read_body(ChannelChanges)
        take_hours(changes)
        texts, templates = take_texts(changes), take_survey_templates(changes)
        _check(channel, changes=changes)
        if changes.get("is_active") is False:
            self.refuse_switching_off(channel)
        with transaction.atomic():
            channel = _update(channel, changes, now=timezone.now())
            write_texts(channel, texts)
            write_survey_templates(channel, templates)
        return Response(ManagedChannelOut(channel).data)

    def refuse_switching_off(self, channel: Channel) -> None:
        """Refuse where something above needs the channel. Here nothing is known that would."""


class ChannelTestEndpoint(Endpoint):
    """The test of a channel: it asks the provider, and so takes some seconds."""

    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.EDIT_CHANNELS}

    @describe("testChannel", "Test a channel, step by step", answer=CheckOut)
    @once_by_item
    def post(self, request: Request, public_id: UUID) -> Response:
        channel = _pick(public_id)
        checks.check(channel, now=timezone.now())
        return Response(CheckOut(channel).data)


class ChannelMembersEndpoint(Endpoint):
    """The channel's human agents, in their order."""

    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.EDIT_CHANNELS}
    orderings = {"position": ("position", "pk")}

    @describe("listChannelMembers", "List a channel's own agents", page_of=MemberOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return self.page(_members(_pick(public_id)), serializer=MemberOut)

    @describe(
        "addChannelMember",
        "Add an agent at the end",
        body=ChannelMemberBody,
        answer=MemberOut,
        status=status.HTTP_201_CREATED,
        examples={"by e-mail": {"member": {"email": "alice@example.com"}}},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        channel = _pick(public_id)
        person = find_person(self.read_body(ChannelMemberBody)["member"])
        member = channels.join(channel, user=person, now=timezone.now())
        return Response(MemberOut(member).data, status=status.HTTP_201_CREATED)


class ChannelMemberEndpoint(Endpoint):
    scopes = {"DELETE": Scope.CHANNELS}
    rights = {"DELETE": Right.EDIT_CHANNELS}

    @describe("removeChannelMember", "Take an agent out", status=status.HTTP_204_NO_CONTENT)
    def delete(self, request: Request, public_id: UUID, person: str) -> Response:
        leaver = pick_person(person)
        channels.leave(_pick(public_id), user=leaver, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _update(channel: Channel, changes: dict[str, Any], *, now: datetime) -> Channel:
    """Change a channel; a new token leaves the old one alive for a while, unless that is unwanted.

    A second token that somebody names themselves stays until it is taken away.
    """
    keeps_old = changes.pop("keep_old_token", True)
    token = changes.pop("auth_token", None)
    if token is not None:
        overlap = channels.TOKEN_OVERLAP if keeps_old else timedelta(0)
        channel = channels.replace_token(channel, token=token, now=now, overlap=overlap)
    if "second_auth_token" in changes:
        changes["second_token_drop_due_at"] = None
    if changes.get("api_key_sid") == "":
        changes["api_key_secret"] = ""
    return channels.update(channel, now=now, **changes)


def _shape(request: Request) -> type[ChannelOut]:
    is_manager = is_allowed(caller(request), Right.EDIT_CHANNELS)
    return ManagedChannelOut if is_manager else ChannelOut


def _pick(public_id: UUID) -> Channel:
    channel = Channel.objects.filter(public_id=public_id).order_by("pk").first()
    if channel is None:
        raise NotFoundProblem
    return channel


def _shown() -> QuerySet[Channel]:
    """Return channels with what is shown of them beside their own columns."""
    return Channel.objects.select_related("hours").prefetch_related(
        "texts", "survey_templates__template"
    )


def _members(channel: Channel) -> QuerySet[ChannelMember]:
    return channel.memberships.select_related("user")


def _check(channel: Channel, *, changes: dict[str, Any]) -> None:
    """Refuse credentials that are not whole, and a number that another channel has."""
    names = ("account_sid", "phone_number", "messaging_service_sid", "phone_number_id")
    wanted = {name: changes.get(name, getattr(channel, name)) for name in names}
    if channel.provider == Provider.TWILIO:
        has_token = changes.get("auth_token", is_set(channel, "auth_token"))
        given = {"account_sid": wanted["account_sid"], "auth_token": has_token}
        missing = [name for name, value in given.items() if not value]
        if missing:
            raise FieldProblem(dict.fromkeys(missing, REQUIRED))
        _check_api_key(channel, changes)
        if bool(wanted["phone_number"]) == bool(wanted["messaging_service_sid"]):
            raise FieldProblem(dict.fromkeys(names[1:3], ONE_SENDER))
    _check_own_fields(channel, changes)
    _refuse_taken(channel, wanted=wanted, medium=changes.get("medium", channel.medium))


def _check_own_fields(channel: Channel, changes: dict[str, Any]) -> None:
    """Refuse what belongs to another provider, and what is missing of this one's."""
    if channel.provider not in REQUIRED_FIELDS:
        return
    own = PROVIDER_FIELDS[channel.provider]
    others = set(chain.from_iterable(PROVIDER_FIELDS.values())).difference(own)
    foreign = [name for name in others if changes.get(name)]
    if foreign:
        raise FieldProblem(dict.fromkeys(foreign, NOT_OF_PROVIDER))
    needed = REQUIRED_FIELDS[channel.provider]
    missing = [name for name in needed if not changes.get(name, is_set(channel, name))]
    if missing:
        raise FieldProblem(dict.fromkeys(missing, NEEDED))
    if changes.get("medium", Medium.WHATSAPP) != Medium.WHATSAPP:
        raise FieldProblem({"medium": WHATSAPP_ALONE})


def _check_api_key(channel: Channel, changes: dict[str, Any]) -> None:
    """Refuse half an API key. Without a SID there is no key, whatever is stored of its secret."""
    sid = changes.get("api_key_sid", channel.api_key_sid)
    has_secret = changes.get("api_key_secret", is_set(channel, "api_key_secret"))
    if sid and not has_secret:
        raise FieldProblem({"api_key_secret": WHOLE_KEY})
    if changes.get("api_key_secret") and not sid:
        raise FieldProblem({"api_key_sid": WHOLE_KEY})


def _refuse_taken(channel: Channel, *, wanted: dict[str, Any], medium: str) -> None:
    same_number = Q(
        provider=channel.provider,
        medium=medium,
        account_sid=wanted["account_sid"],
        phone_number=wanted["phone_number"],
        phone_number__gt="",
    )
    same_service = Q(
        messaging_service_sid=wanted["messaging_service_sid"], messaging_service_sid__gt=""
    )
    same_id = Q(phone_number_id=wanted["phone_number_id"], phone_number_id__gt="")
    others = Channel.objects.filter(same_number | same_service | same_id).exclude(pk=channel.pk)
    if others.exists():
        names = ("phone_number_id", "phone_number", "messaging_service_sid")
        name = next(name for name in names if wanted[name])
        raise ConflictProblem(
            "already_exists", _("There is already one with this value."), fields={name: TAKEN}
        )
