"""Every address of the API."""

from django.urls import include, path

from config.api import published

v1 = [
    path("", include("teams.urls")),
    path("", include("channels.urls")),
    path("", include("conversations.urls")),
    path("", include("routing.urls")),
    path("", include("callbacks.urls")),
]

urlpatterns = [
    path("v1/", include(v1)),
    path("v2/", include("callbacks.api.facade.urls")),
    path("schema/", published.SchemaEndpoint.as_view(), name="api-schema"),
    path("docs/", published.docs_page, name="api-docs"),
]
