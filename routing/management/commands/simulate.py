"""Writes as a customer, through the real door, and prints why it went where it went."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _

from channels.models import Channel, Provider
from channels.providers.simulator import new_message_sid
from channels.secrets import is_readable
from conversations.models import Message
from routing.admin.waiting import holder_of
from routing.rendering import render_text
from routing.simulator import door, people
from routing.simulator.door import DoorAnswer, NobodyHomeError
from routing.simulator.requests import Caller, SignedRequest, break_signature, build_inbound


class Command(BaseCommand):
    help = "Sends one message as a customer of a simulator channel, and prints the decision."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text")
        parser.add_argument(
            "--as",
            dest="number",
            default=people.PREPARED[0].number,
            help="the customer's number, such as '+81 90 0000 0001'",
        )
        parser.add_argument("--name", default="", help="the customer's name")
        parser.add_argument("--channel", default="", help="name of the simulator channel")
        parser.add_argument(
            "--http", action="store_true", help="over the network, to PUBLIC_BASE_URL"
        )
        parser.add_argument("--forged", action="store_true", help="with a wrong signature")
        parser.add_argument(
            "--lang",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["lang"]):
            channel = _find_channel(options["channel"])
            caller = _parse_caller(options["number"], name=options["name"])
            sid = new_message_sid()
            request = build_inbound(channel, caller=caller, text=options["text"], sid=sid)
            if options["forged"]:
                request = break_signature(request)
            answer = self._knock(request, over_http=options["http"])
            if not answer.is_taken:
                raise CommandError(
                    _("Refused: the door answered %(status)d.") % {"status": answer.status}
                )
            self._print_story(channel, sid=sid, caller=caller)

    def _knock(self, request: SignedRequest, *, over_http: bool) -> DoorAnswer:
        if not over_http:
            return door.knock(request)
        try:
            return door.knock_over_http(request)
        except NobodyHomeError as error:
            raise CommandError(
                _("Nobody answers at %(url)s: %(error)s") % {"url": request.url, "error": error}
            ) from None

    def _print_story(self, channel: Channel, *, sid: str, caller: Caller) -> None:
        message = (
            Message.objects.filter(channel=channel, provider_message_id=sid)
            .select_related("conversation__assignee", "conversation__team")
            .first()
        )
        if message is None:
            self.stdout.write(_("Taken, but not understood: it is kept in quarantine."))
            return
        conversation = message.conversation
        decision = conversation.decisions.order_by("-pk").first()
        is_about_this = decision is not None and decision.decided_at >= message.created_at
        self.stdout.write(
            _("%(caller)s to %(channel)s: %(text)s")
            % {
                "caller": caller.name or caller.number,
                "channel": channel.name,
                "text": message.body,
            }
        )
        bot = holder_of(conversation)
        owner = conversation.assignee or conversation.team or (bot and bot.name) or _("nobody")
        self.stdout.write(
            _opening(message, is_decided=is_about_this)
            % {
                "id": conversation.pk,
                "status": conversation.get_status_display(),
                "owner": owner,
            }
        )
        if decision is not None and is_about_this:
            self.stdout.write("\n" + render_text(decision))
        elif message.sequence > 1:
            self.stdout.write(
                _("Whose it is was decided before and stays. Write with --as for a new customer.")
            )


def _opening(message: Message, *, is_decided: bool) -> str:
    """Return what the message did: it began a conversation, brought one back, or went on in it."""
    if message.sequence == 1:
        return _("New conversation #%(id)d, %(status)s, with %(owner)s.")
    if is_decided:
        return _("Conversation #%(id)d, decided anew: %(status)s, with %(owner)s.")
    return _("Follow-up in conversation #%(id)d, %(status)s, with %(owner)s.")


def _find_channel(name: str) -> Channel:
    """Return the simulator channel with this name, else the first one."""
    simulators = Channel.objects.filter(provider=Provider.SIMULATOR, is_active=True)
    channel = (simulators.filter(name=name) if name else simulators).order_by("name", "pk").first()
    if channel is not None and not is_readable(channel, "auth_token"):
        raise CommandError(
            _("The secret of %(name)s cannot be read; enter it anew on the channel's page.")
            % {"name": channel.name}
        )
    if channel is not None:
        return channel
    known = ", ".join(simulators.order_by("name").values_list("name", flat=True))
    if not known:
        raise CommandError(_("There is no simulator channel; `manage.py demo` makes one."))
    raise CommandError(
        _("No simulator channel is called %(name)s; there are: %(known)s.")
        % {"name": name, "known": known}
    )


def _parse_caller(number: str, *, name: str) -> Caller:
    digits = "".join(number.split())
    if not people.NUMBER.match(digits):
        raise CommandError(
            _("--as is %(number)s; write it like +819000000001.") % {"number": number}
        )
    return Caller(digits, name or people.find(digits).name)
