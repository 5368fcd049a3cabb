"""Every address of the product."""

from django.contrib import admin
from django.urls import path

from routing import webhooks

urlpatterns = [
    path("admin/", admin.site.urls),
    path("webhooks/<slug:provider>/<slug:token>/", webhooks.inbound, name="webhook-inbound"),
    path("webhooks/<slug:provider>/<slug:token>/status/", webhooks.status, name="webhook-status"),
]
