"""The templates by which a channel asks for ratings, in the bodies of the API."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from channels.models import Channel, SurveyTemplate, Template
from channels.placeholders import LONGEST_VALUE
from channels.services import survey_templates
from channels.services.survey_templates import SurveyTemplateRefusedError, is_usable
from teams.api.bodies import Body
from teams.api.fields import PublicId, Text
from teams.api.problems import FieldProblem

FIELD = "survey_templates"
#: Why a template is refused, by the code of the service.
REFUSALS = {
    "template.foreign": ("does_not_exist", _("This channel has no such template.")),
    "template.not_approved": ("not_approved", _("The template is not approved.")),
    "template.values": (
        "values",
        _("Give one text for each placeholder of the template, in one line, and no others."),
    ),
    "template.variable": (
        "unknown_variable",
        _("Use {contact_name} and {channel_name} only."),
    ),
    "template.language_taken": ("twice", _("This language has a template already.")),
}

Rows = list[tuple[Template, dict[str, str]]]


class SurveyTemplateBody(Body):
    """An approved template, and what stands in each of its placeholders.

    A value may hold {contact_name} and {channel_name}.
    """

    template = PublicId()
    values = serializers.DictField(child=Text(max_length=LONGEST_VALUE), required=False)


class SurveyTemplateOut(serializers.Serializer[SurveyTemplate]):
    """A template that asks for ratings. It does only while it `is_usable`: `reason` says why not,
    as the provider puts it."""

    template = PublicId(source="template.public_id")
    name = Text(source="template.name")
    language = Text(source="template.language")
    status = Text(source="template.status")
    reason = Text(source="template.reason")
    is_usable = serializers.SerializerMethodField()
    values = serializers.DictField(child=Text())

    def get_is_usable(self, row: SurveyTemplate) -> bool:
        return is_usable(row.template)


def show_survey_templates(channel: Channel) -> Any:
    """Return them by language. `channel.survey_templates` may be prefetched, with its templates."""
    rows: Any = channel.survey_templates.all()
    return SurveyTemplateOut(rows, many=True).data


def take_survey_templates(body: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Take the templates out of a body; None where it says nothing about them."""
    rows: list[dict[str, Any]] | None = body.pop(FIELD, None)
    return rows


def write_survey_templates(channel: Channel, taken: list[dict[str, Any]] | None) -> None:
    if taken is None:
        return
    rows = [(_find(channel, row["template"]), dict(row.get("values", {}))) for row in taken]
    try:
        survey_templates.replace(channel, rows=rows)
    except SurveyTemplateRefusedError as refused:
        raise FieldProblem({FIELD: REFUSALS[refused.code]}) from refused


def _find(channel: Channel, public_id: UUID) -> Template:
    rows = Template.objects.filter(public_id=public_id, channel=channel, removed_at=None)
    template = rows.order_by("pk").first()
    if template is None:
        raise FieldProblem({FIELD: REFUSALS["template.foreign"]})
    return template
