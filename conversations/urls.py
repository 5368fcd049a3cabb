"""Addresses of conversations, messages and contacts, below /api/v1/."""

from django.urls import path

from conversations.api.contacts import ContactEndpoint, ContactsEndpoint
from conversations.api.conversations import (
    ConversationEndpoint,
    ConversationsEndpoint,
    EventsEndpoint,
    StatusEndpoint,
    TagsEndpoint,
)
from conversations.api.messages import (
    MessageEndpoint,
    MessagesEndpoint,
    NotesEndpoint,
    RetryEndpoint,
)

urlpatterns = [
    path("contacts/", ContactsEndpoint.as_view()),
    path("contacts/<uuid:public_id>/", ContactEndpoint.as_view()),
    path("conversations/", ConversationsEndpoint.as_view()),
    path("conversations/<uuid:public_id>/", ConversationEndpoint.as_view()),
    path("conversations/<uuid:public_id>/messages/", MessagesEndpoint.as_view()),
    path(
        "conversations/<uuid:public_id>/messages/<uuid:message_id>/retry/",
        RetryEndpoint.as_view(),
    ),
    path("conversations/<uuid:public_id>/notes/", NotesEndpoint.as_view()),
    path("conversations/<uuid:public_id>/status/", StatusEndpoint.as_view()),
    path("conversations/<uuid:public_id>/tags/", TagsEndpoint.as_view()),
    path("conversations/<uuid:public_id>/events/", EventsEndpoint.as_view()),
    path("messages/<uuid:public_id>/", MessageEndpoint.as_view()),
]
