"""The templates by which a channel asks for ratings, as rows inside its form."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.admin.templates import state_of
from channels.models import Channel, SurveyTemplate, Template
from channels.placeholders import fill
from channels.services import survey_templates
from channels.services.survey_templates import SurveyTemplateRefusedError
from teams.inlines import NamedRowFormSet

MOST_LINES = 20
#: Why a template is refused, by the code of the service, with what to do.
REFUSALS = {
    "template.foreign": gettext_lazy("This channel has no such template."),
    "template.not_approved": gettext_lazy(
        "This template is not approved, so WhatsApp would refuse it. Choose another one."
    ),
    "template.values": gettext_lazy(
        "Write one line for each placeholder of the template, in their order: %(names)s."
    ),
    "template.variable": gettext_lazy("Use {contact_name} and {channel_name} only."),
    "template.language_taken": gettext_lazy("This language has a template already."),
}


class TemplateField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Names a template with its placeholders, and its state where it cannot be sent."""

    def label_from_instance(self, obj: Any) -> str:
        names = " ".join(f"{{{{{name}}}}}" for name in obj.variables)
        parts = [str(obj), names]
        if not survey_templates.is_usable(obj):
            parts.append(obj.get_status_display())
        return " · ".join(filter(None, parts))


class SurveyTemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    template = TemplateField(
        label=gettext_lazy("Template"), queryset=Template.objects.none(), required=False
    )
    lines = forms.CharField(
        label=gettext_lazy("Placeholders"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "One line for each placeholder, in their order. {contact_name} and {channel_name} "
            "are filled in."
        ),
    )

    class Meta:
        model = SurveyTemplate
        fields = ("template",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            kept = self.instance.values
            names = self.instance.template.variables
            self.initial["lines"] = "\n".join(kept.get(name, "") for name in names)

    def values(self) -> dict[str, str]:
        """Return what stands in each placeholder; a line too many is a placeholder too many."""
        names = self.cleaned_data["template"].variables
        lines = [line.strip() for line in self.cleaned_data.get("lines", "").splitlines()]
        extra = [str(number) for number in range(len(names) + 1, len(lines) + 1)]
        return dict(zip([*names, *extra], filter(None, lines), strict=False))


class SurveyTemplateFormSet(NamedRowFormSet):
    """Refuses what the service would refuse, beside the field that it is about."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["template"].queryset = Template.objects.filter(
            channel=self.instance, removed_at=None
        )

    def validate_unique(self) -> None:
        """A language is refused twice by `clean`, in words that fit."""

    def clean(self) -> None:
        super().clean()
        languages: set[str] = set()
        for form in self.kept_forms():
            template = form.cleaned_data["template"]
            if template.language in languages:
                form.add_error("template", REFUSALS["template.language_taken"])
            languages.add(template.language)
            if form.has_changed():
                self._check(form, template)

    def rows(self) -> list[tuple[Template, dict[str, str]]]:
        """Return what is to stay."""
        return [(form.cleaned_data["template"], form.values()) for form in self.kept_forms()]

    def kept_forms(self) -> list[Any]:
        rows = [form for form in self.forms if getattr(form, "cleaned_data", {}).get("template")]
        return [form for form in rows if not form.cleaned_data.get("DELETE")]

    def _check(self, form: Any, template: Template) -> None:
        try:
            survey_templates.check(self.instance, template, form.values())
        except SurveyTemplateRefusedError as refused:
            names = ", ".join(template.variables) or "–"
            field = "lines" if refused.code in ("template.values", "template.variable") else None
            text = str(REFUSALS[refused.code])
            form.add_error(field or "template", ValidationError(text % {"names": names}))


class SurveyTemplateInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SurveyTemplate
    form = SurveyTemplateForm
    formset = SurveyTemplateFormSet
    fields = ("template", "lines", "state_cell")
    readonly_fields = ("state_cell",)
    extra = 1
    max_num = MOST_LINES
    verbose_name_plural = gettext_lazy(
        "Templates that ask for a rating once 24 hours passed, one in each language. None: nobody "
        "is asked then"
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("template")

    @admin.display(description=gettext_lazy("State"))
    def state_cell(self, row: SurveyTemplate) -> SafeString | str:
        """Show whether it can be sent, why not, and how it reads."""
        if row.pk is None:
            return "–"
        shown = fill(row.template.body, row.values)
        if survey_templates.is_usable(row.template):
            return format_html('{}<span class="sub">{}</span>', state_of(row.template), shown)
        why = _("It is not sent: customers are asked by another template, or not at all.")
        return format_html('{}<span class="sub why">{}</span>', state_of(row.template), why)


def save_survey_template_forms(channel: Channel, *, formsets: Any) -> list[Any]:
    """Save the rows that name templates; return the formsets that hold something else."""
    others = []
    for formset in formsets:
        if not isinstance(formset, SurveyTemplateFormSet):
            others.append(formset)
            continue
        if formset.has_changed():
            survey_templates.replace(channel, rows=formset.rows())
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
    return others
