"""Addresses of conversations, messages, contacts and endpoints, below /api/v1/."""

from django.urls import path

from conversations.api.attachments import (
    AttachmentContentEndpoint,
    AttachmentEndpoint,
    AttachmentRetryEndpoint,
)
from conversations.api.contacts import (
    ContactDuplicatesEndpoint,
    ContactEndpoint,
    ContactMergeEndpoint,
    ContactsEndpoint,
    ContactUnmergeEndpoint,
)
from conversations.api.conversations import (
    ConversationEndpoint,
    ConversationsEndpoint,
    EventsEndpoint,
    StatusEndpoint,
    TagsEndpoint,
)
from conversations.api.deliveries import (
    DeliveriesView,
    DeliveryReplayView,
    DeliveryRetryView,
    DeliveryView,
)
from conversations.api.endpoints import (
    EndpointResumeView,
    EndpointSecretView,
    EndpointsView,
    EndpointTestView,
    EndpointView,
)
from conversations.api.messages import (
    MessageEndpoint,
    MessagesEndpoint,
    NotesEndpoint,
    RetryEndpoint,
)
from conversations.api.opt_outs import ContactOptInEndpoint, ContactOptOutEndpoint
from conversations.api.surveys import SurveysEndpoint, SurveySummaryEndpoint

urlpatterns = [
    path("surveys/", SurveysEndpoint.as_view()),
    path("surveys/summary/", SurveySummaryEndpoint.as_view()),
    path("contacts/", ContactsEndpoint.as_view()),
    path("contacts/<uuid:public_id>/", ContactEndpoint.as_view()),
    path("contacts/<uuid:public_id>/possible-duplicates/", ContactDuplicatesEndpoint.as_view()),
    path("contacts/<uuid:public_id>/merge/", ContactMergeEndpoint.as_view()),
    path("contacts/<uuid:public_id>/unmerge/", ContactUnmergeEndpoint.as_view()),
    path("contacts/<uuid:public_id>/opt-out/", ContactOptOutEndpoint.as_view()),
    path("contacts/<uuid:public_id>/opt-in/", ContactOptInEndpoint.as_view()),
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
    path("attachments/<uuid:public_id>/", AttachmentEndpoint.as_view()),
    path("attachments/<uuid:public_id>/content/", AttachmentContentEndpoint.as_view()),
    path("attachments/<uuid:public_id>/retry/", AttachmentRetryEndpoint.as_view()),
    path("endpoints/", EndpointsView.as_view()),
    path("endpoints/<uuid:public_id>/", EndpointView.as_view()),
    path("endpoints/<uuid:public_id>/rotate-secret/", EndpointSecretView.as_view()),
    path("endpoints/<uuid:public_id>/test/", EndpointTestView.as_view()),
    path("endpoints/<uuid:public_id>/resume/", EndpointResumeView.as_view()),
    path("deliveries/", DeliveriesView.as_view()),
    path("deliveries/replay/", DeliveryReplayView.as_view()),
    path("deliveries/<uuid:public_id>/", DeliveryView.as_view()),
    path("deliveries/<uuid:public_id>/retry/", DeliveryRetryView.as_view()),
]
