"""What the buttons of an endpoint's page do. Each is a POST; the dangerous ones ask first."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.models import Endpoint
from channels.services import endpoints
from conversations.admin.endpoint_cells import explain
from conversations.admin.endpoint_forms import STRETCHES, ReplayForm
from conversations.models import EndpointDelivery, ForwardStatus
from conversations.services import forward_replays, forwards
from teams.admin.console import Confirmation, GuardedAdmin
from teams.viewers import posted

LIST = "admin:channels_endpoint_changelist"
SECRET_COOKIE = "endpoint_secret"  # noqa: S105 - the name of a cookie
SECRET_SHOWN_S = 120


class EndpointButtons(GuardedAdmin):
    """The part of the endpoint's pages that changes something by a button."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        names = ("secret", "rotate", "test", "resume", "replay", "remove")
        own = [
            path(
                f"<path:pk>/{name}/",
                view(getattr(self, f"{name}_view")),
                name=f"channels_endpoint_{name}",
            )
            for name in names
        ]
        return own + super().get_urls()

    def secret_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Show the secret that was just made, and let go of it."""
        endpoint = self._pick(request, pk)
        page = _address("change", endpoint)
        shown = request.get_signed_cookie(
            SECRET_COOKIE, default=None, salt=_salt(request), max_age=SECRET_SHOWN_S
        )
        if shown != str(endpoint.public_id):
            messages.warning(
                request,
                _("A secret is shown once, and that was it. If it is lost, rotate it."),
            )
            return HttpResponseRedirect(page)
        context = {
            **self.admin_site.each_context(request),
            "title": _("The signing secret"),
            "endpoint": endpoint,
            "page": page,
        }
        response = TemplateResponse(request, "relaydesk/new_secret.html", context)
        response["Cache-Control"] = "no-store"
        response.delete_cookie(SECRET_COOKIE, path=request.path, samesite="Strict")
        return response

    def rotate_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Make a new secret, after asking."""
        endpoint = self._pick(request, pk)
        if request.method == "POST":
            endpoints.rotate_secret(endpoint, now=timezone.now())
            self.log_change(request, endpoint, "secret rotated")
            return show_secret(request, endpoint)
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("Rotate the secret of “%(name)s”?") % {"name": endpoint.name},
                _("For 24 hours both secrets sign, so that the other side can follow at leisure."),
                _("Make a new secret"),
                _address("change", endpoint),
            ),
        )

    def test_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Send an example now, and say what came of it."""
        endpoint = self._pick(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        now = timezone.now()
        delivery = forward_replays.send_test(endpoint, now=now)
        forwards.deliver_at_once(delivery, now=now)
        delivery.refresh_from_db()
        _tell_outcome(request, delivery)
        page = reverse("admin:conversations_endpointdelivery_change", args=[delivery.pk])
        return HttpResponseRedirect(page)

    def resume_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        endpoint = self._pick(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        forward_replays.resume(endpoint, now=timezone.now())
        self.log_change(request, endpoint, "resumed")
        messages.success(request, _("It is sent to again. What was kept for it goes out now."))
        return HttpResponseRedirect(_address("change", endpoint))

    def replay_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Send many again, after asking which."""
        endpoint = self._pick(request, pk)
        form = ReplayForm(posted(request))
        if request.method == "POST" and form.is_valid():
            count = forward_replays.replay(
                endpoint,
                statuses=STRETCHES[form.cleaned_data["what"]][0],
                since=form.cleaned_data["since"],
                until=form.cleaned_data["until"],
                now=timezone.now(),
            )
            self.log_change(request, endpoint, f"{count} sent again")
            text = ngettext(
                "%(n)d delivery goes out again.", "%(n)d deliveries go out again.", count
            )
            messages.success(request, text % {"n": count})
            return HttpResponseRedirect(_address("change", endpoint))
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("Send again to “%(name)s”") % {"name": endpoint.name},
                _("Each event under its own id, each conversation's in their order."),
                _("Send again"),
                _address("change", endpoint),
                form=form,
            ),
        )

    def remove_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Remove an endpoint for good, after asking."""
        endpoint = self._pick(request, pk)
        if request.method == "POST":
            self.log_deletions(request, Endpoint.objects.filter(pk=endpoint.pk))
            endpoints.delete(endpoint)
            messages.success(request, _("“%(name)s” was removed.") % {"name": endpoint.name})
            return HttpResponseRedirect(reverse(LIST))
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("Remove “%(name)s”?") % {"name": endpoint.name},
                _("The list of what it was sent goes with it. This cannot be undone."),
                _("Remove"),
                _address("change", endpoint),
            ),
        )

    def _pick(self, request: HttpRequest, pk: str) -> Any:
        """Return the endpoint that a button is about, if the person may use its buttons."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        endpoint = self.get_object(request, unquote(pk))
        if endpoint is None:
            raise PermissionDenied
        return endpoint


def _tell_outcome(request: HttpRequest, delivery: EndpointDelivery) -> None:
    if delivery.status == ForwardStatus.DELIVERED:
        messages.success(request, _("The test arrived. %(how)s") % {"how": explain(delivery)})
    elif delivery.error:
        messages.error(request, _("The test did not arrive. %(how)s") % {"how": explain(delivery)})
    else:
        messages.info(request, _("The test is on its way. Look again in a moment."))


def _address(name: str, endpoint: Endpoint) -> str:
    return reverse(f"admin:channels_endpoint_{name}", args=[quote(endpoint.pk)])


def show_secret(request: HttpRequest, endpoint: Endpoint) -> HttpResponseRedirect:
    """Go to the page that shows the secret, with leave to see it once, for a short while."""
    page = _address("secret", endpoint)
    public_id = Endpoint.objects.values_list("public_id", flat=True).get(pk=endpoint.pk)
    response = HttpResponseRedirect(page)
    response.set_signed_cookie(
        SECRET_COOKIE,
        str(public_id),
        salt=_salt(request),
        max_age=SECRET_SHOWN_S,
        path=page,
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return response


def _salt(request: HttpRequest) -> str:
    """Bind the cookie to whoever made the secret."""
    return f"endpoint-secret-{request.user.pk}"
