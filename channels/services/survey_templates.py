"""The templates by which a channel asks for ratings outside the 24 hours: kept, and chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from channels.greetings import choose_language, fill, find_unknown
from channels.models import Channel, SurveyTemplate, Template, TemplateStatus
from channels.placeholders import faults_in

#: What may stand in a value; a template says nothing about opening hours.
VARIABLES = ("contact_name", "channel_name")


class SurveyTemplateRefusedError(Exception):
    """A template that cannot ask for a rating. `code` says why: `template.foreign`,
    `template.not_approved`, `template.values`, `template.variable`, `template.language_taken`."""

    def __init__(self, code: str, template: Template) -> None:
        self.code = code
        self.template = template
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Choice:
    """What asks a customer. `template` is None where nothing can: `trouble` is then the one that
    would have, or None where the channel names no template at all."""

    template: Template | None = None
    values: dict[str, str] = field(default_factory=dict)
    trouble: Template | None = None


@transaction.atomic
def replace(channel: Channel, *, rows: Sequence[tuple[Template, Mapping[str, str]]]) -> None:
    """Let a channel ask by these templates, one in each language, and by no others.

    A row that was there stays even if its template was rejected since: it is only not used.
    Raises `SurveyTemplateRefusedError`.
    """
    Channel.objects.select_for_update().get(pk=channel.pk)
    stored = {row.template_id: row.values for row in channel.survey_templates.all()}
    languages: set[str] = set()
    for template, values in rows:
        if _code(template) in languages:
            raise SurveyTemplateRefusedError("template.language_taken", template)
        languages.add(_code(template))
        if stored.get(template.pk) != dict(values):
            check(channel, template, values)
    channel.survey_templates.all().delete()
    for template, values in rows:
        SurveyTemplate.objects.create(channel=channel, template=template, values=dict(values))


def check(channel: Channel, template: Template, values: Mapping[str, str]) -> None:
    """Refuse a template that could not be sent: raises `SurveyTemplateRefusedError`."""
    if template.channel_id != channel.pk or template.removed_at is not None:
        raise SurveyTemplateRefusedError("template.foreign", template)
    if template.status != TemplateStatus.APPROVED:
        raise SurveyTemplateRefusedError("template.not_approved", template)
    if faults_in(tuple(template.variables), values):
        raise SurveyTemplateRefusedError("template.values", template)
    if any(find_unknown(value, known=VARIABLES) for value in values.values()):
        raise SurveyTemplateRefusedError("template.variable", template)


def choose(channel: Channel, *, language: str, values: Mapping[str, str]) -> Choice:
    """Return the template in the customer's language, one like it, or the channel's own.

    Only what is approved now and has something in every placeholder is sent. `values` are what
    stands for `{contact_name}` and `{channel_name}`.
    """
    rows = list(channel.survey_templates.select_related("template"))
    usable: dict[str, Choice] = {}
    for row in rows:
        filled = {name: fill(text, values=values) for name, text in row.values.items()}
        if is_usable(row.template) and not faults_in(tuple(row.template.variables), filled):
            usable[_code(row.template)] = Choice(row.template, filled)
    names = {code: choice.template.name for code, choice in usable.items() if choice.template}
    found = choose_language(names, language=language, default=channel.language)
    if found is not None:
        return usable[found]
    return Choice(trouble=rows[0].template if rows else None)


def is_usable(template: Template) -> bool:
    return template.status == TemplateStatus.APPROVED and template.removed_at is None


def _code(template: Template) -> str:
    """Return the language as contacts have it: `pt_BR` is `pt-br`."""
    return template.language.replace("_", "-").lower()
