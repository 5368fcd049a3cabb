"""Addresses of people, teams and keys, below /api/v1/."""

from django.urls import path

from teams.api.holidays import HolidaysEndpoint
from teams.api.hours import CalendarEndpoint, CalendarsEndpoint, OpeningEndpoint
from teams.api.imports import (
    ImportErrorsEndpoint,
    ImportRowsEndpoint,
    ImportsEndpoint,
    OneImportEndpoint,
    PersonExportEndpoint,
    PersonImportsEndpoint,
    PersonTemplateEndpoint,
    PlanAgainEndpoint,
    TeamExportEndpoint,
    TeamImportsEndpoint,
    TeamTemplateEndpoint,
)
from teams.api.me import MeEndpoint
from teams.api.people import HeartbeatEndpoint, PeopleEndpoint, PresenceEndpoint
from teams.api.shifts import ShiftsEndpoint
from teams.api.teams import MemberEndpoint, MembersEndpoint, TeamsEndpoint

urlpatterns = [
    path("me/", MeEndpoint.as_view()),
    path("teams/", TeamsEndpoint.as_view()),
    path("teams/<str:reference>/shifts/", ShiftsEndpoint.as_view()),
    path("business-hours/", CalendarsEndpoint.as_view()),
    path("business-hours/<str:reference>/", CalendarEndpoint.as_view()),
    path("business-hours/<str:reference>/at/", OpeningEndpoint.as_view()),
    path("business-hours/<str:reference>/holidays/", HolidaysEndpoint.as_view()),
    path("teams/<str:reference>/members/", MembersEndpoint.as_view()),
    path("teams/<str:reference>/members/<str:person>/", MemberEndpoint.as_view()),
    path("users/", PeopleEndpoint.as_view()),
    path("users/<str:reference>/presence/", PresenceEndpoint.as_view()),
    path("users/<str:reference>/heartbeat/", HeartbeatEndpoint.as_view()),
    path("imports/", ImportsEndpoint.as_view()),
    path("imports/teams/", TeamImportsEndpoint.as_view()),
    path("imports/teams/template/", TeamTemplateEndpoint.as_view()),
    path("imports/users/", PersonImportsEndpoint.as_view()),
    path("imports/users/template/", PersonTemplateEndpoint.as_view()),
    path("imports/<str:public_id>/", OneImportEndpoint.as_view()),
    path("imports/<str:public_id>/rows/", ImportRowsEndpoint.as_view()),
    path("imports/<str:public_id>/errors/", ImportErrorsEndpoint.as_view()),
    path("imports/<str:public_id>/plan/", PlanAgainEndpoint.as_view()),
    path("exports/teams/", TeamExportEndpoint.as_view()),
    path("exports/users/", PersonExportEndpoint.as_view()),
]
