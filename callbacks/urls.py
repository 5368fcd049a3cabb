"""Addresses of callbacks, below /api/v1/."""

from django.urls import path

from callbacks.api.actions import (
    BulkCallbacksEndpoint,
    CancelEndpoint,
    CompleteEndpoint,
    StartEndpoint,
)
from callbacks.api.callbacks import CallbackEndpoint, CallbacksEndpoint
from callbacks.api.teams import CallbackSettingsEndpoint, CallingTeamEndpoint
from callbacks.api.usual import UsualCallbackEndpoint

urlpatterns = [
    path("callbacks/", CallbacksEndpoint.as_view()),
    path("callbacks/bulk/", BulkCallbacksEndpoint.as_view()),
    path("callbacks/<uuid:public_id>/", CallbackEndpoint.as_view()),
    path("callbacks/<uuid:public_id>/cancel/", CancelEndpoint.as_view()),
    path("callbacks/<uuid:public_id>/start/", StartEndpoint.as_view()),
    path("callbacks/<uuid:public_id>/complete/", CompleteEndpoint.as_view()),
    path("conversations/<uuid:public_id>/callbacks/usual/", UsualCallbackEndpoint.as_view()),
    path("teams/<str:reference>/", CallingTeamEndpoint.as_view()),
    path("teams/<str:reference>/callback-settings/", CallbackSettingsEndpoint.as_view()),
]
