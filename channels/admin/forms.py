"""The form of a channel: hours in place of seconds, and secrets that go in and never come out."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.admin.fields import NumberField, SecretInput
from channels.languages import language_choices
from channels.models import (
    PROVIDER_FIELDS,
    REQUIRED_FIELDS,
    Channel,
    Distribution,
    Medium,
    Provider,
)
from channels.secrets import is_readable, is_set
from channels.services.channels import TOKEN_OVERLAP
from teams.admin.console import pick_fields
from teams.models import BusinessHours
from teams.time_zones import time_zones

MINUTE_S = 60
HOUR_S = 3600
#: Columns that the form writes as they are.
PLAIN_FIELDS = (
    "name",
    "medium",
    "is_active",
    "account_sid",
    "auth_token",
    "phone_number_id",
    "business_account_id",
    "access_token",
    "app_secret",
    "phone_number",
    "messaging_service_sid",
    "api_key_sid",
    "api_key_secret",
    "dev_key",
    "dev_secret",
    "time_zone",
    "distribution",
    "capacity",
    "has_greeting",
    "language",
    "hours",
    "has_unavailable_message",
    "has_survey",
    "survey_pause_days",
    "is_resolving_unanswered",
    "stop_words",
    "start_words",
    "rate_per_s",
)
#: Field of the form -> column, and how many seconds one of what is typed has.
DURATIONS = {
    "survey_delay_minutes": ("survey_delay_s", MINUTE_S),
    "survey_wait_hours": ("survey_wait_s", HOUR_S),
    "reopen_hours": ("reopen_window_s", HOUR_S),
    "auto_resolve_hours": ("auto_resolve_after_s", HOUR_S),
}
SECRET_FIELDS = ("auth_token", "api_key_secret", "access_token", "app_secret", "dev_secret")
#: Providers of WhatsApp alone have no choice of medium.
WITH_MEDIUM = (Provider.TWILIO, Provider.SIMULATOR)
DISTRIBUTION_SENTENCES = {
    Distribution.CONCURRENT_LOAD: gettext_lazy(
        "By load: whoever has the fewest conversations, up to their capacity."
    ),
    Distribution.SEQUENTIAL: gettext_lazy("In turn: one after the other, whatever their load."),
}


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Hours and minutes instead of seconds, and a token that is never shown."""

    auth_token = forms.CharField(label=gettext_lazy("Auth token"), required=False, strip=True)
    keeps_old_token = forms.BooleanField(
        label=gettext_lazy("Accept what the old token signs for 7 more days"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "For a change without a gap: Twilio signs with the old token until you promote the"
            " new one there. Leave it out if the old token has leaked."
        ),
    )
    api_key_secret = forms.CharField(
        label=gettext_lazy("API key secret"), required=False, strip=True
    )
    access_token = forms.CharField(
        label=gettext_lazy("Access token"),
        required=False,
        strip=True,
        help_text=gettext_lazy("Of a system user, so that it does not expire."),
    )
    app_secret = forms.CharField(
        label=gettext_lazy("App secret"),
        required=False,
        strip=True,
        help_text=gettext_lazy("In the app at developers.facebook.com, under Settings, Basic."),
    )
    dev_secret = forms.CharField(label=gettext_lazy("Dev secret"), required=False, strip=True)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), initial="UTC")
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=language_choices,
        initial="en",
        help_text=gettext_lazy(
            "A customer whose language has no text, or is not known, is written to in this one."
        ),
    )
    hours = forms.ModelChoiceField(
        label=gettext_lazy("Business hours"),
        queryset=BusinessHours.objects.all(),
        required=False,
        empty_label=gettext_lazy("Always open"),
    )
    distribution = forms.ChoiceField(
        label=gettext_lazy("How its agents are chosen"),
        choices=list(DISTRIBUTION_SENTENCES.items()),
        widget=forms.RadioSelect,
        initial=Distribution.CONCURRENT_LOAD,
    )
    survey_delay_minutes = forms.IntegerField(
        label=gettext_lazy("Ask for the rating after (minutes)"),
        min_value=0,
        max_value=1440,
        initial=0,
        help_text=gettext_lazy("0: at once. Whoever comes back before that is not asked."),
    )
    auto_resolve_hours = forms.IntegerField(
        label=gettext_lazy("Resolve after nobody wrote for (hours)"),
        min_value=1,
        max_value=8760,
        required=False,
        help_text=gettext_lazy(
            "Empty: nothing is resolved by itself. What waits for your answer is left alone."
        ),
    )
    survey_wait_hours = forms.IntegerField(
        label=gettext_lazy("Wait for the rating (hours)"), min_value=1, max_value=720, initial=24
    )
    reopen_hours = forms.IntegerField(
        label=gettext_lazy("Reopen within (hours)"),
        min_value=0,
        max_value=720,
        initial=24,
        help_text=gettext_lazy("A customer who writes later starts a new conversation."),
    )

    class Meta:
        model = Channel
        fields = ("provider", *PLAIN_FIELDS)
        field_classes: ClassVar[dict[str, Any]] = {"phone_number": NumberField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Asked before the form writes what was posted into the row.
        self.has_token = is_set(self.instance, "auth_token")
        self.has_key_secret = is_set(self.instance, "api_key_secret")
        self.had = {name for name in SECRET_FIELDS if is_set(self.instance, name)}
        if "name" not in self.fields:
            return
        for name in SECRET_FIELDS:
            self.fields[name].widget = SecretInput(
                is_set=is_set(self.instance, name), is_readable=is_readable(self.instance, name)
            )
        self.fields["time_zone"].choices = [(z, z) for z in sorted(time_zones())]  # type: ignore[attr-defined]
        if self.instance.pk:
            for name, (column, unit_s) in DURATIONS.items():
                seconds = getattr(self.instance, column)
                self.initial[name] = None if seconds is None else round(seconds / unit_s)
        elif "provider" in self.fields:
            for name, providers in _asked_by().items():
                attributes = {"data-decides": "provider", "data-only-for": " ".join(providers)}
                self.fields[name].widget.attrs.update(attributes)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        provider = cleaned.get("provider") or self.instance.provider
        if provider == Provider.TWILIO:
            self._check_twilio(cleaned)
        for name in REQUIRED_FIELDS.get(provider, ()):
            if not cleaned.get(name) and name not in self.had and name not in self.errors:
                self.add_error(name, _("This channel cannot work without it."))
        if provider not in WITH_MEDIUM:
            cleaned["medium"] = Medium.WHATSAPP
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return the columns that this form changes."""
        changed = pick_fields(self, names=PLAIN_FIELDS)
        if changed.get("api_key_sid") == "":
            changed["api_key_secret"] = ""
        for name, (column, unit_s) in DURATIONS.items():
            if name in self.changed_data:
                number = self.cleaned_data[name]
                changed[column] = None if number is None else number * unit_s
        return changed

    def token_overlap(self) -> timedelta:
        """Return how long the old token is to be accepted beside a new one."""
        return TOKEN_OVERLAP if self.cleaned_data.get("keeps_old_token") else timedelta(0)

    def _check_twilio(self, cleaned: dict[str, Any]) -> None:
        has_value = {
            "account_sid": bool(cleaned.get("account_sid")),
            "auth_token": bool(cleaned.get("auth_token")) or self.has_token,
        }
        for name, is_there in has_value.items():
            if name not in self.errors and not is_there:
                self.add_error(
                    name, _("Twilio needs this; it is on the first page of its console.")
                )
        number, service = cleaned.get("phone_number"), cleaned.get("messaging_service_sid")
        if number and service:
            text = _("Either a number or a messaging service, not both.")
            self.add_error("messaging_service_sid", text)
        elif not number and not service and not self.errors:
            self.add_error("phone_number", _("Enter the number, or a messaging service below."))
        self._check_api_key(cleaned)

    def _check_api_key(self, cleaned: dict[str, Any]) -> None:
        """An API key is whole or not there: its SID and its secret."""
        sid = cleaned.get("api_key_sid")
        has_secret = bool(cleaned.get("api_key_secret")) or self.has_key_secret
        if sid and not has_secret:
            self.add_error("api_key_secret", _("Twilio shows the secret once, with the new key."))
        elif not sid and cleaned.get("api_key_secret") and "api_key_sid" not in self.errors:
            self.add_error("api_key_sid", _("Enter the SID that belongs to this secret."))


def _asked_by() -> dict[str, list[str]]:
    """Return each field that not every provider wants, with those that do."""
    asked: dict[str, list[str]] = {"medium": [str(provider) for provider in WITH_MEDIUM]}
    for provider, names in PROVIDER_FIELDS.items():
        for name in names:
            asked.setdefault(name, []).append(str(provider))
    return asked
