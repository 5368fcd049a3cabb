"""Addresses of channels, below /api/v1/."""

from django.urls import path

from channels.api.channels import (
    ChannelMemberEndpoint,
    ChannelMembersEndpoint,
    ChannelsEndpoint,
    ChannelTestEndpoint,
)
from channels.api.templates import TemplateEndpoint, TemplatesEndpoint

urlpatterns = [
    path("templates/", TemplatesEndpoint.as_view()),
    path("templates/<uuid:public_id>/", TemplateEndpoint.as_view()),
    path("channels/", ChannelsEndpoint.as_view()),
    path("channels/<uuid:public_id>/test/", ChannelTestEndpoint.as_view()),
    path("channels/<uuid:public_id>/members/", ChannelMembersEndpoint.as_view()),
    path("channels/<uuid:public_id>/members/<str:person>/", ChannelMemberEndpoint.as_view()),
]
