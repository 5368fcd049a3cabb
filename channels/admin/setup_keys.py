"""The first step of setting up a channel of WhatsApp Cloud or EngageLab: its keys."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.admin.fields import NumberField, SecretInput
from channels.models import PROVIDER_FIELDS, REQUIRED_FIELDS, Channel, Provider
from channels.secrets import is_readable, is_set
from teams.admin.console import pick_fields


class KeysForm(forms.ModelForm):  # type: ignore[type-arg]
    """What both have in common. Secrets go in and never come out; blank leaves what is stored."""

    provider: ClassVar[Provider]
    secrets: ClassVar[tuple[str, ...]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The form decides who the provider is; the model's rules ask for it.
        self.instance.provider = self.provider
        self.had = {name for name in self.secrets if is_set(self.instance, name)}
        for name in self.secrets:
            self.fields[name].widget = SecretInput(
                is_set=name in self.had, is_readable=is_readable(self.instance, name)
            )
            self.fields[name].required = False
        for name in REQUIRED_FIELDS[self.provider]:
            self.fields[name].required = name not in self.secrets

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in self.secrets:
            if not cleaned.get(name) and name not in self.had and name not in self.errors:
                self.add_error(name, _("This channel cannot work without it."))
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return the columns that this form changes."""
        changed = pick_fields(self, names=("name", *PROVIDER_FIELDS[self.provider]))
        return {name: value for name, value in changed.items() if value or name not in self.secrets}


class CloudSetupForm(KeysForm):
    provider = Provider.WHATSAPP_CLOUD
    secrets = ("access_token", "app_secret")

    access_token = forms.CharField(
        label=gettext_lazy("Access token"),
        strip=True,
        help_text=gettext_lazy(
            "Of a system user, with whatsapp_business_messaging and whatsapp_business_management."
            " The one shown in API Setup lives for a day."
        ),
    )
    app_secret = forms.CharField(
        label=gettext_lazy("App secret"),
        strip=True,
        help_text=gettext_lazy("In the app under Settings, Basic. It signs what arrives."),
    )
    field_order = ("name", *PROVIDER_FIELDS[Provider.WHATSAPP_CLOUD])

    class Meta:
        model = Channel
        fields = ("name", "phone_number_id", "business_account_id", "phone_number")
        field_classes: ClassVar[dict[str, Any]] = {"phone_number": NumberField}
        help_texts: ClassVar[dict[str, Any]] = {
            "name": gettext_lazy("For your colleagues; customers do not see it."),
            "phone_number_id": gettext_lazy(
                "In the app at developers.facebook.com, under WhatsApp, API Setup. It is not the"
                " number itself."
            ),
            "business_account_id": gettext_lazy(
                "Beside the phone number ID. Templates and the check of the webhook need it."
            ),
            "phone_number": gettext_lazy(
                "With the plus and the country. It may stay empty; with it you get a code to scan."
            ),
        }


class EngageLabSetupForm(KeysForm):
    provider = Provider.ENGAGELAB
    secrets = ("dev_secret",)

    dev_secret = forms.CharField(
        label=gettext_lazy("Dev secret"),
        strip=True,
        help_text=gettext_lazy("Beside the dev key. It is shown once only."),
    )
    field_order = ("name", *PROVIDER_FIELDS[Provider.ENGAGELAB])

    class Meta:
        model = Channel
        fields = ("name", "phone_number", "business_account_id", "dev_key")
        field_classes: ClassVar[dict[str, Any]] = {"phone_number": NumberField}
        help_texts: ClassVar[dict[str, Any]] = {
            "name": gettext_lazy("For your colleagues; customers do not see it."),
            "phone_number": gettext_lazy("With the plus and the country, like +81355500100."),
            "business_account_id": gettext_lazy(
                "If you know it. Rows of other accounts are then not taken."
            ),
            "dev_key": gettext_lazy("In EngageLab's console, under Configuration, API Keys."),
        }
