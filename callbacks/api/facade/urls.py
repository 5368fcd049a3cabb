"""The addresses of the facade, below /api/v2/."""

from django.urls import path

from callbacks.api.facade import endpoints

_CALLBACKS = "conversations/callbacks/"

urlpatterns = [
    path(_CALLBACKS, endpoints.CallbacksEndpoint.as_view(), name="v2-callbacks"),
    path(
        f"{_CALLBACKS}bulk/update/",
        endpoints.BulkUpdateEndpoint.as_view(),
        name="v2-callbacks-bulk-update",
    ),
    path(
        f"{_CALLBACKS}bulk/disconnect/",
        endpoints.BulkDisconnectEndpoint.as_view(),
        name="v2-callbacks-bulk-disconnect",
    ),
    path(
        f"{_CALLBACKS}<str:reference>/",
        endpoints.CallbackEndpoint.as_view(),
        name="v2-callback",
    ),
    path(
        f"{_CALLBACKS}<str:reference>/participants/<str:participant>/",
        endpoints.ParticipantEndpoint.as_view(),
        name="v2-callback-participant",
    ),
    path(
        "conversations/<str:reference>/participants/<str:participant>/callbacks/",
        endpoints.ConversationCallbacksEndpoint.as_view(),
        name="v2-conversation-callbacks",
    ),
]
