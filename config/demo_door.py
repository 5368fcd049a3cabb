"""Signing in to the demo: three buttons that fill in the form, where nothing is real."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.forms import PasswordInput
from django.http import HttpRequest
from django.utils.translation import gettext as _

from routing.demo import access
from teams.models import User


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A button: whose account it fills in, and what that person sees."""

    name: str
    sees: str
    query: str


def is_demo() -> bool:
    """Say whether this database is the demo's. In production nothing is."""
    return not settings.IS_PRODUCTION and _rows().exists()


def demo_accounts(request: HttpRequest) -> list[DemoAccount]:
    """Return the buttons for the sign-in page; none outside the demo."""
    if settings.IS_PRODUCTION:
        return []
    names = dict(_rows().values_list("email", "name"))
    target = {"next": request.GET["next"]} if "next" in request.GET else {}
    return [
        DemoAccount(
            names[account.email], _(account.sees), urlencode({**target, "as": account.email})
        )
        for account in access.ACCOUNTS
        if account.email in names
    ]


class SignInForm(AdminAuthenticationForm):
    """Django's form; in the demo it comes filled in for the person whose button was pressed."""

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].widget.attrs["autocomplete"] = "username"
        wanted = request.GET.get("as", "") if request is not None else ""
        if wanted and not settings.IS_PRODUCTION and wanted in access.passwords():
            self.initial["username"] = wanted
            self.initial["password"] = access.PASSWORD
            self.fields["password"].widget = PasswordInput(render_value=True)


def _rows() -> Any:
    return User.objects.active().filter(email__in=[account.email for account in access.ACCOUNTS])
