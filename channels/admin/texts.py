"""The texts that a channel writes by itself, as rows inside its form."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.greetings import VARIABLES, TextKind, fill, find_unknown
from channels.languages import language_choices
from channels.models import Channel, ChannelText
from channels.models.text import LONGEST_TEXT
from channels.services import texts
from teams.inlines import NamedRowFormSet
from teams.texts import Text

#: What stands for each variable in the preview, and what its button says.
SAMPLES = {
    "contact_name": "Dora",
    "channel_name": gettext_lazy("your channel"),
    "next_opening": gettext_lazy("Monday, 09:00"),
}
BUTTONS = {
    "contact_name": gettext_lazy("Customer's name"),
    "channel_name": gettext_lazy("Channel's name"),
    "next_opening": gettext_lazy("Next opening"),
}


class TextInput(forms.Textarea):
    """A box with buttons that insert variables, and a bubble that shows what is sent."""

    def __init__(self) -> None:
        super().__init__(attrs={"rows": 3, "maxlength": LONGEST_TEXT, "data-with-preview": ""})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        box = super().render(name, value, attrs, renderer)
        buttons = format_html_join(
            " ",
            '<button type="button" class="button small" hidden data-insert="{{{}}}"'
            ' data-sample="{}">{}</button>',
            ((variable, SAMPLES[variable], BUTTONS[variable]) for variable in VARIABLES),
        )
        return format_html(
            '<div class="text-box">{}<div class="insert-buttons">{}</div>{}</div>',
            box,
            buttons,
            _bubble(str(value or "")),
        )


def _bubble(text: str) -> SafeString:
    samples = {variable: str(sample) for variable, sample in SAMPLES.items()}
    return format_html(
        '<p class="preview-bubble" data-preview title="{}">{}</p>',
        _("What the customer sees"),
        fill(text, values=samples),
    )


def _choices() -> list[tuple[str, str]]:
    return [("", str(_("Choose a language"))), *language_choices()]


class TextForm(forms.ModelForm):  # type: ignore[type-arg]
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=_choices)
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=LONGEST_TEXT, widget=TextInput, strip=True
    )

    class Meta:
        model = ChannelText
        fields = ("language", "text")

    def has_changed(self) -> bool:
        """A row that names a language and says nothing is an empty row."""
        return super().has_changed() and (
            self.instance.pk is not None or bool(self.data.get(self.add_prefix("text"), "").strip())
        )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if unknown := find_unknown(text):
            sentence = _("{%(name)s} stands for nothing. Use the buttons to insert what there is.")
            raise forms.ValidationError(sentence % {"name": unknown[0]})
        return text


class TextFormSet(NamedRowFormSet):
    """The texts of one kind, one in each language."""

    kind: TextKind

    @classmethod
    def get_default_prefix(cls) -> str:
        return cls.kind.value

    def add_fields(self, form: Any, index: int | None) -> None:
        """Offer the channel's own language first: it is the one that everybody else is sent."""
        super().add_fields(form, index)
        used = {row.language for row in self.get_queryset()}
        if index == self.initial_form_count() and self.instance.language not in used:
            form.fields["language"].initial = self.instance.language

    def validate_unique(self) -> None:
        """A language is refused twice by `clean`, in words that fit."""

    def clean(self) -> None:
        super().clean()
        seen: set[str] = set()
        for form in self.forms:
            row = getattr(form, "cleaned_data", {})
            language = row.get("language")
            if not language or not row.get("text") or row.get("DELETE"):
                continue
            if language in seen:
                form.add_error("language", _("This language has a text already."))
            seen.add(language)

    def texts(self) -> dict[str, str]:
        """Return what is to stay, by language."""
        rows = (getattr(form, "cleaned_data", {}) for form in self.forms)
        return {
            row["language"]: row["text"] for row in rows if row.get("text") and not row["DELETE"]
        }


class _TextInline(admin.TabularInline):  # type: ignore[type-arg]
    """The texts of one kind; the formset that Django makes of it knows the kind too."""

    kind: TextKind
    #: What is to be known about the texts of this kind.
    description: Text = ""
    model = ChannelText
    form = TextForm
    formset = TextFormSet
    template = "admin/channels/channel/texts.html"
    verbose_name = gettext_lazy("language")
    readonly_fields = ("language_cell", "text_cell")
    extra = 1
    max_num = texts.MOST_LANGUAGES

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if self.has_change_permission(request, obj):
            return ("language", "text")
        return ("language_cell", "text_cell")

    @admin.display(description=gettext_lazy("Language"))
    def language_cell(self, row: ChannelText) -> str:
        return dict(language_choices()).get(row.language, row.language)

    @admin.display(description=gettext_lazy("Text"))
    def text_cell(self, row: ChannelText) -> SafeString:
        return _bubble(row.text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChannelText]:
        return super().get_queryset(request).filter(kind=self.kind)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = type("KindFormSet", (TextFormSet,), {"kind": self.kind})
        return super().get_formset(request, obj, formset=formset, **kwargs)


class GreetingInline(_TextInline):
    kind = TextKind.GREETING
    verbose_name_plural = gettext_lazy("Greeting, in each language")


class UnavailableInline(_TextInline):
    kind = TextKind.UNAVAILABLE
    verbose_name_plural = gettext_lazy("Outside business hours, in each language")


class QuestionInline(_TextInline):
    kind = TextKind.SURVEY_QUESTION
    verbose_name_plural = gettext_lazy("Question for a rating, in each language")
    description = gettext_lazy(
        "Without a text: “How did we do? Answer with a number from 1 (bad) to 5 (great).”"
    )


class CommentInline(_TextInline):
    kind = TextKind.SURVEY_COMMENT
    verbose_name_plural = gettext_lazy("Question for a comment, in each language")
    description = gettext_lazy(
        "Sent after the rating; the next message within an hour is the comment. Without a text"
        " nobody is asked."
    )


class ThanksInline(_TextInline):
    kind = TextKind.SURVEY_THANKS
    verbose_name_plural = gettext_lazy("Thanks for a rating, in each language")


SURVEY_INLINES = (QuestionInline, CommentInline, ThanksInline)
#: In the order of a conversation.
TEXT_INLINES = (GreetingInline, UnavailableInline, *SURVEY_INLINES)


def save_text_forms(channel: Channel, *, formsets: Any) -> list[Any]:
    """Save the rows that hold texts; return the formsets that hold something else."""
    others = []
    for formset in formsets:
        if not isinstance(formset, TextFormSet):
            others.append(formset)
            continue
        if formset.has_changed():
            texts.replace(channel, kind=formset.kind, texts=formset.texts())
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
    return others
