"""Messages and notes of a conversation."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Template
from conversations import scope
from conversations.api.bodies import NewMessage, NewNote, RetryBody
from conversations.api.callers import actor_of
from conversations.api.conversations import pick_conversation
from conversations.api.file_forms import MessageForm, MessageFormParser, UploadedMessage
from conversations.api.serializers import MessageOut
from conversations.models import Conversation
from conversations.services import replies, retries, uploads
from teams.api.endpoints import Endpoint
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import FieldProblem, NotFoundProblem
from teams.api.uploads import FORM
from teams.scopes import Scope

NO_TEMPLATE = ("unknown", _("The channel of this conversation has no such template."))


class MessagesEndpoint(Endpoint):
    """The transcript with its notes, oldest first. A POST is an answer to the customer."""

    scopes = {"POST": Scope.MESSAGES}
    rates = {"POST": "messages"}
    parser_classes = [*Endpoint.parser_classes, MessageFormParser]
    orderings = {"sequence": ("sequence",), "-sequence": ("-sequence",)}

    @describe("listMessages", "List messages and notes", page_of=MessageOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        conversation = pick_conversation(request, public_id)
        rows = conversation.messages.filter(part_of=None)
        rows = rows.select_related("conversation", "author").prefetch_related(
            "attachments", "parts__attachments"
        )
        return self.page(rows, serializer=MessageOut)

    @describe(
        "sendMessage",
        "Answer the customer",
        body=NewMessage,
        uploads={"application/json": NewMessage, FORM: MessageForm},
        answer=MessageOut,
        status=status.HTTP_202_ACCEPTED,
        examples={
            "an answer": {"body": "We have sent you a new one."},
            "a template": {
                "template": "01990000-0000-7000-8000-000000000007",
                "variables": {"1": "Dora", "2": "12:00"},
            },
        },
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Queue an answer. 202: it is stored, and sent by a worker; its status follows.

        With files it is a form (`multipart/form-data`): `file` up to ten times, and `body` if there
        is a text. Which kinds and sizes are taken depends on the channel's provider.
        """
        conversation = pick_conversation(request, public_id)
        common: dict[str, Any] = {
            "author": caller(request),
            "actor": actor_of(request),
            "now": timezone.now(),
        }
        form = request.data if (request.content_type or "").startswith(FORM) else None
        if isinstance(form, UploadedMessage):
            with uploads.kept(form.files, channel=conversation.channel) as files:
                message = replies.queue_reply(conversation, body=form.body, files=files, **common)
            return Response(MessageOut(message).data, status=status.HTTP_202_ACCEPTED)
        body = self.read_body(NewMessage)
        if "template" in body:
            message = replies.queue_template(
                conversation,
                template=_pick_template(conversation, body["template"]),
                values=body.get("variables", {}),
                **common,
            )
        else:
            message = replies.queue_reply(conversation, body=body["body"], **common)
        return Response(MessageOut(message).data, status=status.HTTP_202_ACCEPTED)


def _pick_template(conversation: Conversation, public_id: UUID) -> Template:
    """Return a template of the conversation's channel."""
    theirs = Template.objects.filter(channel=conversation.channel_id, public_id=public_id)
    template = theirs.order_by("pk").first()
    if template is None:
        raise FieldProblem({"template": NO_TEMPLATE})
    return template


class RetryEndpoint(Endpoint):
    """Send a message once more that failed; one in doubt only if the body accepts that."""

    scopes = {"POST": Scope.MESSAGES}
    rates = {"POST": "messages"}

    @describe(
        "retryMessage",
        "Send a failed message once more",
        body=RetryBody,
        answer=MessageOut,
        status=status.HTTP_202_ACCEPTED,
        examples={"in doubt": {"may_arrive_twice": True}},
    )
    @once
    def post(self, request: Request, public_id: UUID, message_id: UUID) -> Response:
        """Queue it. 202: a worker sends it; its status follows."""
        conversation = pick_conversation(request, public_id)
        message = (
            conversation.messages.filter(public_id=message_id, part_of=None).order_by("pk").first()
        )
        if message is None:
            raise NotFoundProblem
        accepts_doubt = self.read_body(RetryBody)["may_arrive_twice"]
        verb = retries.retry_despite_doubt if accepts_doubt else retries.retry
        queued = verb(message, actor=actor_of(request), now=timezone.now())
        return Response(MessageOut(queued).data, status=status.HTTP_202_ACCEPTED)


class NotesEndpoint(Endpoint):
    """Notes are for colleagues and never leave the house."""

    scopes = {"POST": Scope.MESSAGES}

    @describe(
        "addNote",
        "Leave a note for colleagues",
        body=NewNote,
        answer=MessageOut,
        status=status.HTTP_201_CREATED,
        examples={"a note": {"body": "Called her, no answer."}},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        conversation = pick_conversation(request, public_id)
        note = replies.add_note(
            conversation,
            author=caller(request),
            body=self.read_body(NewNote)["body"],
            actor=actor_of(request),
            now=timezone.now(),
        )
        return Response(MessageOut(note).data, status=status.HTTP_201_CREATED)


class MessageEndpoint(Endpoint):
    @describe("getMessage", "Read one message", answer=MessageOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        rows = scope.messages_of(caller(request)).select_related("conversation", "author")
        message = rows.filter(public_id=public_id, part_of=None).order_by("pk").first()
        if message is None:
            raise NotFoundProblem
        return Response(MessageOut(message).data)
