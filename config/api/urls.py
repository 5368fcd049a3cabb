"""Every address of the API."""

from django.urls import include, path

v1 = [
    path("", include("teams.urls")),
    path("", include("channels.urls")),
    path("", include("conversations.urls")),
    path("", include("routing.urls")),
]

urlpatterns = [path("v1/", include(v1))]
