"""What stands above a flow's steps: its name, what starts it, and on which channels."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Channel
from routing.engine.flow.specs import WITH_WORDS
from routing.forms import TagsField
from routing.models import Flow
from routing.services.flows import Head


class HeadForm(forms.ModelForm):  # type: ignore[type-arg]
    words = TagsField(
        label=gettext_lazy("Words"),
        help_text=gettext_lazy(
            "Separate several with a comma. Neither case nor width of the letters matters."
        ),
    )

    class Meta:
        model = Flow
        fields = ("name", "description", "trigger", "words", "channels")
        widgets = {
            "name": forms.TextInput(attrs={"class": "vTextField"}),
            "description": forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
            "channels": forms.CheckboxSelectMultiple(attrs={"class": "checklist"}),
        }
        labels = {
            "name": gettext_lazy("Name"),
            "description": gettext_lazy("Description"),
            "trigger": gettext_lazy("Starts with"),
            "channels": gettext_lazy("Channels"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        self.label_suffix = ""
        self.fields["channels"].queryset = Channel.objects.order_by("name", "pk")  # type: ignore[attr-defined]
        attributes = {"data-decides": "trigger", "data-only-for": " ".join(sorted(WITH_WORDS))}
        self.fields["words"].widget.attrs.update(attributes)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        asks_for_words = cleaned.get("trigger") in WITH_WORDS
        if asks_for_words and not cleaned.get("words") and "words" not in self.errors:
            self.add_error("words", _("Say which words start it."))
        return cleaned

    def head(self) -> Head:
        """Return what was said, of a form that is valid."""
        said = self.cleaned_data
        return Head(
            name=said["name"],
            description=said["description"],
            trigger=said["trigger"],
            words=tuple(said["words"]),
            channels=tuple(said["channels"]),
        )
