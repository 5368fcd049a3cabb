"""Importing many people or teams at once: a file becomes a plan, the plan is applied or not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.csv_answers import CsvRenderer, csv_answer
from teams.api.endpoints import Endpoint
from teams.api.fields import UUID_FORM
from teams.api.import_shapes import (
    ApplyBody,
    CsvForm,
    ImportOut,
    ImportParameters,
    ImportRowOut,
    ImportRowParameters,
)
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import ConflictProblem, FieldProblem, NotFoundProblem, Problem
from teams.api.uploads import CSV, FORM, REQUIRED, CsvFormParser, CsvParser, UploadedCsv
from teams.csv_plan import Subject
from teams.directory_rows import export_people, export_teams
from teams.import_files import errors_of, template_of
from teams.models import Import, Team, User
from teams.permissions import Right
from teams.scopes import Scope
from teams.services import directory, imports
from teams.services.import_writes import Leave
from teams.services.imports import ImportRefusedError

UPLOADS = {FORM: CsvForm, CSV: {"type": "string", "format": "binary"}}
REFUSALS = {
    "import.has_errors": _("The file has errors. Correct them and upload it again."),
    "import.already_applied": _("This import was applied before."),
    "import.plan_changed": _(
        "People or teams were changed since this plan was made, and it would do something else "
        "now. Plan it again and look at it."
    ),
}


class ImportEndpoint(Endpoint):
    """Administrators import, and look at what was imported."""

    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.IMPORTS}
    rights: ClassVar[dict[str, Right]] = dict.fromkeys(("GET", "HEAD", "POST"), Right.IMPORT)


class ImportsEndpoint(ImportEndpoint):
    parameters = ImportParameters
    orderings = {"-id": ("-pk",), "id": ("pk",)}

    @describe("listImports", "List imports", page_of=ImportOut)
    def get(self, request: Request) -> Response:
        return self.page(_imports().filter(**self.filters), serializer=ImportOut)


class UploadEndpoint(ImportEndpoint):
    """Takes a file as the body (`text/csv`), or in a form (`multipart/form-data`)."""

    parser_classes = (CsvParser, CsvFormParser)
    subject: ClassVar[Subject]

    def plan(self, request: Request) -> Response:
        sent = _read_upload(request)
        upload = imports.plan(
            sent.raw,
            subject=self.subject,
            filename=sent.filename,
            encoding=sent.encoding,
            uploaded_by=caller(request),
            now=timezone.now(),
        )
        return Response(ImportOut(upload).data, status=status.HTTP_201_CREATED)


class TeamImportsEndpoint(UploadEndpoint):
    subject = Subject.TEAMS

    @describe(
        "planTeamImport",
        "Plan an import of teams",
        uploads=UPLOADS,
        answer=ImportOut,
        status=status.HTTP_201_CREATED,
    )
    @once
    def post(self, request: Request) -> Response:
        """Keep the file with the plan of what it would do; nothing is changed yet."""
        return self.plan(request)


class PersonImportsEndpoint(UploadEndpoint):
    subject = Subject.USERS

    @describe(
        "planPersonImport",
        "Plan an import of people",
        uploads=UPLOADS,
        answer=ImportOut,
        status=status.HTTP_201_CREATED,
    )
    @once
    def post(self, request: Request) -> Response:
        """Keep the file with the plan of what it would do; nothing is changed yet."""
        return self.plan(request)


class OneImportEndpoint(ImportEndpoint):
    @describe("getImport", "Read an import", answer=ImportOut)
    def get(self, request: Request, public_id: str) -> Response:
        return Response(ImportOut(_find(public_id)).data)


class ImportRowsEndpoint(ImportEndpoint):
    parameters = ImportRowParameters
    orderings = {"line": ("line", "pk")}

    @describe("listImportRows", "List the rows of an import", page_of=ImportRowOut)
    def get(self, request: Request, public_id: str) -> Response:
        rows = _find(public_id).rows.filter(**self.filters)
        return self.page(rows, serializer=ImportRowOut)


class ImportErrorsEndpoint(ImportEndpoint):
    renderer_classes = (CsvRenderer, JSONRenderer)

    @describe("downloadImportErrors", "Download what is wrong with a file", media=CSV)
    def get(self, request: Request, public_id: str) -> Response:
        return csv_answer(errors_of(_find(public_id)), filename="errors.csv")


class PlanAgainEndpoint(ImportEndpoint):
    @describe(
        "planImportAgain",
        "Plan an import again",
        answer=ImportOut,
        refusals=(409,),
    )
    @once
    def post(self, request: Request, public_id: str) -> Response:
        """Compare the file with the people and teams as they are now."""
        upload = _find(public_id)
        try:
            upload = imports.plan_again(upload, editor=caller(request), now=timezone.now())
        except ImportRefusedError as error:
            raise ConflictProblem(error.code, REFUSALS[error.code]) from error
        return Response(ImportOut(upload).data)


class ApplyImportEndpoint(ImportEndpoint):
    """Lets people leave as far as this app knows what that takes."""

    def needed(self, subject: str, keys: Sequence[str]) -> str:
        """Say who of those whom the file lets go is needed. Here nothing is known that would."""
        return ""

    def leave_by(self, request: Request, *, now: datetime) -> Leave:
        """Return what lets one person leave."""
        return lambda user: directory.deactivate(user, now=now)

    @describe(
        "applyImport",
        "Apply an import",
        body=ApplyBody,
        is_body_optional=True,
        answer=ImportOut,
        refusals=(409,),
        examples={"as it is kept": {}},
    )
    @once
    def post(self, request: Request, public_id: str) -> Response:
        """Do all that the plan says, or nothing: 409 if the plan would be another one by now."""
        upload = _find(public_id)
        body = self.read_body(ApplyBody) if request.body else {}
        now = timezone.now()
        try:
            upload = imports.apply(
                upload,
                editor=caller(request),
                leave=self.leave_by(request, now=now),
                needed=self.needed,
                expected_digest=body.get("digest", ""),
                now=now,
            )
        except ImportRefusedError as error:
            sentence = error.sentence or REFUSALS[error.code]
            raise ConflictProblem(error.code, sentence) from error
        return Response(ImportOut(upload).data)


class FileEndpoint(ImportEndpoint):
    """A file to download."""

    renderer_classes = (CsvRenderer, JSONRenderer)


class TeamTemplateEndpoint(FileEndpoint):
    @describe("downloadTeamTemplate", "Download a template for teams", media=CSV)
    def get(self, request: Request) -> Response:
        return csv_answer(template_of(Subject.TEAMS), filename="teams.csv")


class PersonTemplateEndpoint(FileEndpoint):
    @describe("downloadPersonTemplate", "Download a template for people", media=CSV)
    def get(self, request: Request) -> Response:
        return csv_answer(template_of(Subject.USERS), filename="users.csv")


class TeamExportEndpoint(FileEndpoint):
    @describe("exportTeams", "Export all teams", media=CSV)
    def get(self, request: Request) -> Response:
        return csv_answer(export_teams(Team.objects.all()), filename="teams.csv")


class PersonExportEndpoint(FileEndpoint):
    @describe("exportPeople", "Export all people", media=CSV)
    def get(self, request: Request) -> Response:
        return csv_answer(export_people(User.objects.all()), filename="users.csv")


def _read_upload(request: Request) -> UploadedCsv:
    try:
        sent: Any = request.data
    except UnsupportedMediaType as error:
        raise _unsupported() from error
    if isinstance(sent, UploadedCsv):
        return sent
    # A request without a body is not parsed. As text/csv it is an empty file.
    kind = request.content_type or ""
    if kind.startswith(CSV):
        return UploadedCsv()
    if kind.startswith(FORM):
        raise FieldProblem({"file": REQUIRED})
    raise _unsupported()


def _unsupported() -> Problem:
    detail = _("Send a file: text/csv, or multipart/form-data.")
    return Problem(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)


def _imports() -> QuerySet[Import]:
    rows: QuerySet[Import] = Import.objects.select_related("uploaded_by", "applied_by")
    return rows.defer("content")


def _find(public_id: str) -> Import:
    if not UUID_FORM.match(public_id):
        raise NotFoundProblem
    upload = _imports().filter(public_id=public_id).first()
    if upload is None:
        raise NotFoundProblem
    return upload
