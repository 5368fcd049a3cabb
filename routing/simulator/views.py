"""The simulator's page: the customer's phone, what the desk did, and the world around it.

Looking changes nothing. Every form posts and is sent back to the page; JavaScript only saves the
reload.
"""

from datetime import datetime

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from conversations.models import Conversation, Message
from conversations.services.lifecycle import ConversationMovedError
from conversations.services.replies import ReplyRefusedError
from conversations.states import IllegalTransitionError
from routing.rendering import RenderedDecision, render_decision
from routing.simulator import memory, people, phone, seats, troubles, world
from routing.simulator.seats import Seat
from routing.simulator.troubles import TroubleRefusedError
from teams.models import Presence, User
from teams.viewers import viewer

MAX_TEXT = 1600
DECISIONS_SHOWN = 5


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Show the three columns; without a simulator channel, say what is missing."""
    context = {**admin.site.each_context(request), "title": _("Simulator")}
    seat = seats.find_seat(request.GET)
    if seat is None:
        return render(request, "simulator/empty.html", context)
    user, now = viewer(request), timezone.now()
    screen = phone.look(seat.channel, number=seat.persona.number)
    decisions = _decisions(screen.conversation)
    return render(
        request,
        "simulator/page.html",
        {
            **context,
            "lead": _("Play the customer and watch what the desk does. Nothing is sent."),
            "seat": seat,
            "screen": screen,
            "channels": seats.list_channels(),
            "prepared": people.PREPARED,
            "new_number": seats.next_number(),
            "decisions": decisions,
            "older_count": max(0, len(decisions) - 1),
            "last": memory.last_request(request.session, seat=seat.url),
            "is_news": memory.is_news(request.session, now=now),
            "notice": memory.notice(request.session, now=now),
            "cast": [
                (person, world.may_change_presence(person, by=user)) for person in world.cast()
            ],
            "presences": Presence.choices,
            "troubles": troubles.choices(),
        },
    )


@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """Post what the customer writes to the real door: once, twice, or with a forged signature."""
    seat = _seat_or_404(request)
    suggestion = seat.persona.suggestions[0]
    how = request.POST.get("how", "")
    now = timezone.now()
    # A suggestion is a button with a name of its own: the empty text field must not win over it.
    text = request.POST.get("suggestion") or request.POST.get("text", "")
    text = text.replace("\x00", "").strip() or (suggestion if how else "")
    try:
        letter = troubles.read_letter(request.POST, now=now, latest=_latest(seat))
    except TroubleRefusedError as refusal:
        memory.remember_notice(request.session, str(refusal), now=now)
        return HttpResponseRedirect(seat.url)
    if not text and letter.what == "text":
        memory.remember_notice(request.session, _("Write something first."), now=now)
        return HttpResponseRedirect(seat.url)
    delivery = phone.write(seat.channel, caller=seat.caller, text=text[:MAX_TEXT], letter=letter)
    if delivery.stored:
        world.introduce(_conversation_or_404(seat).contact, persona=seat.persona, now=now)
    memory.remember_delivery(request.session, delivery, seat=seat.url, now=now)
    return HttpResponseRedirect(seat.url)


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """The customer looks at the phone: what arrived is read, what was sent arrives."""
    seat = _seat_or_404(request)
    number = seat.persona.number
    phone.report_read(seat.channel, number=number)
    plans = memory.plans(request.session)
    phone.report_delivered(seat.channel, number=number, plans=plans, now=timezone.now())
    return HttpResponseRedirect(seat.url)


@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Let the assignee answer; the provider or its reports may be made to go wrong."""
    seat = _seat_or_404(request)
    conversation = _conversation_or_404(seat)
    body = request.POST.get("body", "").strip().replace("\x00", "") or seat.persona.answer
    now = timezone.now()
    trouble = request.POST.get("failure", "")
    try:
        message = _answer(conversation, user=viewer(request), body=body[:MAX_TEXT], trouble=trouble)
    except (ReplyRefusedError, ConversationMovedError) as refusal:
        memory.remember_notice(request.session, _explain(refusal.code), now=now)
        return HttpResponseRedirect(seat.url)
    memory.forget_news(request.session)
    if trouble in troubles.REPORTS:
        memory.remember_plan(request.session, message_id=str(message.public_id), plan=trouble)
    return HttpResponseRedirect(seat.url)


@require_POST
def resolve(request: HttpRequest) -> HttpResponse:
    """Let the assignee resolve the conversation, which sends the survey."""
    seat = _seat_or_404(request)
    conversation = _conversation_or_404(seat)
    now = timezone.now()
    try:
        world.resolve(conversation, stand_in=viewer(request), now=now)
        memory.forget_news(request.session)
    except (IllegalTransitionError, ConversationMovedError) as refusal:
        memory.remember_notice(request.session, _explain(refusal.code), now=now)
    return HttpResponseRedirect(seat.url)


@require_POST
def change_presence(request: HttpRequest) -> HttpResponse:
    """Let somebody come or go, as far as the viewer may."""
    seat = _seat_or_404(request)
    person = get_object_or_404(User, public_id=seats.parse_uuid(request.POST.get("person", "")))
    wanted = request.POST.get("presence", "")
    now = timezone.now()
    if not world.may_change_presence(person, by=viewer(request)):
        text = _("Your role may not set the presence of %(name)s.") % {"name": person.name}
        memory.remember_notice(request.session, text, now=now)
    elif wanted in Presence.values:
        world.change_presence(person, wanted=Presence(wanted), now=now)
        memory.forget_news(request.session)
    return HttpResponseRedirect(seat.url)


def _seat_or_404(request: HttpRequest) -> Seat:
    seat = seats.find_seat(request.POST)
    if seat is None:
        raise Http404
    return seat


def _conversation_or_404(seat: Seat) -> Conversation:
    conversation = phone.look(seat.channel, number=seat.persona.number).conversation
    if conversation is None:
        raise Http404
    return conversation


def _answer(conversation: Conversation, *, user: User, body: str, trouble: str) -> Message:
    now = timezone.now()
    if trouble in troubles.SENDS:
        return world.answer_in_vain(conversation, stand_in=user, body=body, fault=trouble, now=now)
    return world.answer(conversation, stand_in=user, body=body, now=now)


def _latest(seat: Seat) -> datetime | None:
    """Return when this customer's conversation was last written in."""
    conversation = phone.look(seat.channel, number=seat.persona.number).conversation
    return conversation.last_message_at if conversation else None


def _decisions(conversation: Conversation | None) -> list[RenderedDecision]:
    if conversation is None:
        return []
    return [
        render_decision(row) for row in conversation.decisions.order_by("-pk")[:DECISIONS_SHOWN]
    ]


def _explain(code: str) -> str:
    """Return the sentence for a refusal's code."""
    sentences = {
        "conversation.closed": _("The conversation is closed: the customer has to write first."),
        "conversation.illegal_transition": _("The conversation is not open."),
        "conversation.moved": _("The conversation changed in the meantime. Look again."),
        "message.template_required": _(
            "The customer wrote more than 24 hours ago: only a template may be sent now."
        ),
        "contact.opted_out": _("The customer does not want messages any more."),
        "channel.inactive": _("The channel is off."),
    }
    return sentences.get(code, code)
