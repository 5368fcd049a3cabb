"""The forms about AI agents: who they are, where they answer, what they know."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Channel
from channels.secrets import is_set
from routing.ai.base import Entry
from routing.forms import TagsField
from routing.models import AiAgent, AiKind, KnowledgeEntry
from routing.models.ai_agent import LONGEST_TEXT
from routing.services import ai_agents
from teams.inlines import NamedRowFormSet

LONGEST_KEY = 500
PLAIN_FIELDS = (
    "name",
    "kind",
    "instructions",
    "languages",
    "base_url",
    "model",
    "handover_words",
    "handover_text",
    "allowed_tags",
    "max_turns",
    "timeout_s",
    "messages_per_hour",
    "tokens_per_day",
    "currency",
    "price_in",
    "price_out",
    "budget_per_day",
    "budget_per_month",
)


class AiAgentForm(forms.ModelForm):  # type: ignore[type-arg]
    """An AI agent. Its key is written and never shown."""

    new_key = forms.CharField(
        label=gettext_lazy("Key"),
        required=False,
        max_length=LONGEST_KEY,
        strip=True,
        widget=forms.PasswordInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )
    languages = TagsField(
        label=gettext_lazy("Languages"),
        help_text=gettext_lazy(
            "In which it answers, such as “ja, en”; the first where a customer's is not among "
            "them. Empty: any."
        ),
    )
    handover_words = TagsField(
        label=gettext_lazy("Words that mean a person"),
        help_text=gettext_lazy(
            "In any language, separated by commas, such as “human, 担当者, 人工”. Whoever writes "
            "one gets a person."
        ),
    )
    allowed_tags = TagsField(
        label=gettext_lazy("Tags it may set"),
        help_text=gettext_lazy("Separated by commas. It can set no other tag."),
    )
    served = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Channels"),
        queryset=Channel.objects.order_by("name", "pk"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "checklist"}),
        help_text=gettext_lazy(
            "It answers there where no rule matched. Rules may name it on any channel."
        ),
    )
    position = forms.IntegerField(
        label=gettext_lazy("Order"),
        required=False,
        min_value=0,
        max_value=1000,
        help_text=gettext_lazy("Of several that run on a channel, the lowest answers."),
    )

    class Meta:
        model = AiAgent
        fields = PLAIN_FIELDS
        widgets: ClassVar[dict[str, Any]] = {
            "instructions": forms.Textarea(attrs={"class": "vLargeTextField", "rows": 8}),
            "handover_text": forms.Textarea(attrs={"class": "vLargeTextField", "rows": 2}),
            "base_url": forms.TextInput(attrs={"class": "vTextField", "inputmode": "url"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" not in self.fields:  # the page is only read
            return
        links = list(self.instance.links.all()) if self.instance.pk else []
        self.initial["served"] = [link.channel_id for link in links]
        self.initial["position"] = links[0].position if links else 0
        self.fields["base_url"].help_text = _where()
        if self.instance.pk and is_set(self.instance, "key"):
            self.fields["new_key"].help_text = _(
                "A key is set. Empty: it stays. It is forgotten when the address changes."
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        given = {name: cleaned.get(name, "") for name in ("kind", "base_url", "model")}
        for field, problem in ai_agents.address_problems(
            given["kind"], base_url=given["base_url"], model=given["model"]
        ).items():
            if field not in self.errors:
                self.add_error(field, problem)
        for field, problem in self._money_problems(cleaned).items():
            self.add_error(field, problem)
        return cleaned

    def _money_problems(self, cleaned: dict[str, Any]) -> dict[str, str]:
        names = ("price_in", "price_out", "budget_per_day", "budget_per_month")
        if cleaned.get("kind") != AiKind.OPENAI or any(name in self.errors for name in names):
            return {}
        return ai_agents.money_problems(AiAgent(**{name: cleaned.get(name) for name in names}))

    def places(self) -> list[ai_agents.Place]:
        position = self.cleaned_data.get("position") or 0
        return [ai_agents.Place(channel, position) for channel in self.cleaned_data["served"]]


class EntryForm(forms.ModelForm):  # type: ignore[type-arg]
    keywords = TagsField(
        label=gettext_lazy("Keywords"), help_text=gettext_lazy("Each alone finds this answer.")
    )

    class Meta:
        model = KnowledgeEntry
        fields = ("question", "answer", "keywords")
        widgets: ClassVar[dict[str, Any]] = {"answer": forms.Textarea(attrs={"rows": 2})}


class EntryFormSet(NamedRowFormSet):
    def entries(self) -> list[Entry]:
        """Return what is to be known, in the order of the rows."""
        rows: list[Any] = self.forms
        kept = (form for form in rows if form.has_changed() or form.instance.pk)
        return [
            Entry(
                form.cleaned_data["question"],
                form.cleaned_data["answer"],
                tuple(form.cleaned_data["keywords"]),
            )
            for form in kept
            if not form.cleaned_data.get("DELETE")
        ]


class TryForm(forms.Form):
    """What somebody who plays the customer writes."""

    text = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2, "autofocus": True}),
    )


def _where() -> str:
    """Say which addresses may be asked."""
    own = _("Your own server: any public address, such as https://ai.example.com/answer.")
    listed = ", ".join(settings.AI_BASE_URLS)
    if not listed:
        none = _("OpenAI-compatible: none is allowed yet; the operator names them in AI_BASE_URLS.")
        return f"{none} {own}"
    return " ".join([_("OpenAI-compatible: %(urls)s.") % {"urls": listed}, own])
