"""The first step of setting up a Twilio channel: one account, and one number or service."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.admin.fields import NumberField, SecretInput
from channels.models import Channel, Envelope, Provider
from channels.secrets import is_readable, is_set
from channels.services.channels import TOKEN_OVERLAP
from teams.admin.console import pick_fields

NUMBER, SERVICE = "number", "service"
COLUMNS = (
    "name",
    "medium",
    "account_sid",
    "auth_token",
    "phone_number",
    "messaging_service_sid",
)


class SetupForm(forms.ModelForm):  # type: ignore[type-arg]
    by = forms.ChoiceField(
        label=gettext_lazy("What customers write to"),
        widget=forms.RadioSelect,
        choices=[
            (NUMBER, gettext_lazy("A number: one WhatsApp or SMS number of the account")),
            (SERVICE, gettext_lazy("A Messaging Service: several numbers that answer as one")),
        ],
        initial=NUMBER,
    )
    auth_token = forms.CharField(label=gettext_lazy("Auth token"), required=False, strip=True)

    field_order = ("name", "medium", "account_sid", "auth_token", "by")

    class Meta:
        model = Channel
        fields = COLUMNS
        field_classes: ClassVar[dict[str, Any]] = {"phone_number": NumberField}
        help_texts: ClassVar[dict[str, Any]] = {
            "name": gettext_lazy("For your colleagues; customers do not see it."),
            "account_sid": gettext_lazy(
                "On the first page of Twilio's console, under “Account Info”. AC and 32 characters."
            ),
            "phone_number": gettext_lazy("With the plus and the country, like +81355500100."),
            "messaging_service_sid": gettext_lazy(
                "In Twilio's console: Messaging, Services. MG and 32 characters."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The form decides who the provider is; the model's rules ask for it.
        self.instance.provider = Provider.TWILIO
        self.has_token = is_set(self.instance, "auth_token")
        self.fields["auth_token"].widget = SecretInput(
            is_set=self.has_token, is_readable=is_readable(self.instance, "auth_token")
        )
        self.fields["auth_token"].help_text = _(
            "Below the account SID. It is stored encrypted and never shown again."
        )
        if self.instance.messaging_service_sid:
            self.initial["by"] = SERVICE
        self._write_shapes()

    def _write_shapes(self) -> None:
        """Let the browser check the form of what is typed, and show the field that is needed."""
        shapes = {"account_sid": "AC[0-9a-fA-F]{32}", "messaging_service_sid": "MG[0-9a-fA-F]{32}"}
        for name, pattern in shapes.items():
            self.fields[name].widget.attrs["pattern"] = pattern
        self.fields["account_sid"].required = True
        for name, choice in (("phone_number", NUMBER), ("messaging_service_sid", SERVICE)):
            attributes = {"data-decides": "by", "data-only-for": choice}
            self.fields[name].widget.attrs.update(attributes)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        wanted, other = "phone_number", "messaging_service_sid"
        if cleaned.get("by") == SERVICE:
            wanted, other = other, wanted
        cleaned[other] = ""
        self.errors.pop(other, None)
        if not cleaned.get(wanted) and wanted not in self.errors:
            text = _("Enter the number.") if wanted == "phone_number" else _("Enter the SID.")
            self.add_error(wanted, text)
        if not cleaned.get("auth_token") and not self.has_token:
            self.add_error("auth_token", _("Enter the auth token of this account."))
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return the columns that this form changes: of number and service, one is always blank."""
        changed = pick_fields(self, names=COLUMNS)
        if not changed.get("auth_token"):
            changed.pop("auth_token", None)
        return {
            **changed,
            "phone_number": self.cleaned_data["phone_number"],
            "messaging_service_sid": self.cleaned_data["messaging_service_sid"],
        }

    def token_overlap(self) -> timedelta:
        """Return how long an old token is accepted: not at all before anything came with it."""
        has_received = Envelope.objects.filter(channel=self.instance).exists()
        return TOKEN_OVERLAP if has_received else timedelta(0)
