"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

from callbacks import views as callback_views
from callbacks import webhooks as call_webhooks
from conversations import views
from routing import webhooks

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("config.api.urls")),
    path("simulator/", include("routing.simulator.urls")),
    path("files/<str:token>/", views.public_file, name="public-file"),
    path("webhooks/voice/<slug:token>/<slug:step>/", call_webhooks.voice, name="webhook-voice"),
    path("calendar/<slug:token>.ics", callback_views.calendar, name="calendar-feed"),
    path("webhooks/<slug:provider>/<slug:token>/", webhooks.inbound, name="webhook-inbound"),
    path("webhooks/<slug:provider>/<slug:token>/status/", webhooks.status, name="webhook-status"),
]

handler400 = "config.api.handlers.bad_request"
handler403 = "config.api.handlers.permission_denied"
handler404 = "config.api.handlers.page_not_found"
handler500 = "config.api.handlers.server_error"
