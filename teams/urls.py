"""Addresses of people, teams and keys, below /api/v1/."""

from django.urls import path

from teams.api.me import MeEndpoint
from teams.api.people import HeartbeatEndpoint, PeopleEndpoint, PresenceEndpoint
from teams.api.teams import MemberEndpoint, MembersEndpoint, TeamEndpoint, TeamsEndpoint

urlpatterns = [
    path("me/", MeEndpoint.as_view()),
    path("teams/", TeamsEndpoint.as_view()),
    path("teams/<str:reference>/", TeamEndpoint.as_view()),
    path("teams/<str:reference>/members/", MembersEndpoint.as_view()),
    path("teams/<str:reference>/members/<str:person>/", MemberEndpoint.as_view()),
    path("users/", PeopleEndpoint.as_view()),
    path("users/<str:reference>/presence/", PresenceEndpoint.as_view()),
    path("users/<str:reference>/heartbeat/", HeartbeatEndpoint.as_view()),
]
