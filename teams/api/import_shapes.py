"""How an import and its rows look from outside."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from teams.api.bodies import Body, Parameters
from teams.api.fields import Choice, PublicId, Text, TextList, Whole
from teams.api.serializers import Out, PersonBrief
from teams.csv_encodings import CHOICES
from teams.import_sentences import sentence_of
from teams.models import Import, ImportRow, ImportStatus, ImportSubject, RowKind

#: The first problems stand in the answer; all of them are one address further.
FIRST_PROBLEMS = 50


class FaultOut(serializers.Serializer[Any]):
    """What is wrong: where, a stable code, and a sentence. Line 0 is the file as a whole."""

    line = Whole()
    column = Text()
    code = Text()
    message = serializers.SerializerMethodField()

    def get_message(self, fault: dict[str, Any]) -> str:
        return sentence_of(fault)


class ImportOut(Out):
    """A file and its plan. `digest` names the plan; `problems` has the first fifty."""

    id = PublicId(source="public_id")
    subject = Choice(choices=ImportSubject.values)
    status = Choice(choices=ImportStatus.values)
    columns = TextList()
    row_count = Whole()
    uploaded_by = PersonBrief(allow_null=True)
    applied_by = PersonBrief(allow_null=True)
    problems = serializers.SerializerMethodField()

    class Meta:
        model = Import
        fields = (
            "id",
            "subject",
            "status",
            "filename",
            "encoding",
            "delimiter",
            "columns",
            "row_count",
            "new_count",
            "changed_count",
            "same_count",
            "error_count",
            "problems",
            "digest",
            "uploaded_by",
            "applied_by",
            "created_at",
            "planned_at",
            "applied_at",
            "rows_removed_at",
        )

    @extend_schema_field(FaultOut(many=True))
    def get_problems(self, upload: Import) -> list[dict[str, Any]]:
        found = list(upload.faults)
        if upload.error_count:
            rows = upload.rows.filter(kind=RowKind.ERROR)[:FIRST_PROBLEMS]
            found += [fault for row in rows for fault in row.faults]
        return [dict(FaultOut(fault).data) for fault in found[:FIRST_PROBLEMS]]


class ChangeOut(serializers.Serializer[Any]):
    """A cell, as it was and as it will be."""

    column = Text()
    before = Text()
    after = Text()


class ImportRowOut(Out):
    """One row of the file and what it does."""

    kind = Choice(choices=RowKind.values)
    changes = ChangeOut(many=True)
    problems = FaultOut(many=True, source="faults")

    class Meta:
        model = ImportRow
        fields = ("line", "kind", "key", "changes", "problems")


class ImportParameters(Parameters):
    subject = Choice(choices=ImportSubject.values, required=False)
    status = Choice(choices=ImportStatus.values, required=False)


class ImportRowParameters(Parameters):
    kind = Choice(choices=RowKind.values, required=False)


class ApplyBody(Body):
    """`digest` is that of the plan that was read; without it, the plan that is kept is meant."""

    digest = Text(required=False, max_length=64)


class CsvForm(Body):
    """A form with a file. The encoding is looked for unless it is named."""

    file = serializers.FileField()
    encoding = Choice(choices=sorted(CHOICES), required=False)
