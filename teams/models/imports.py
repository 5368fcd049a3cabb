"""Files of people and teams that were uploaded, and what each of their rows would do."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.identifiers import new_public_id


class ImportSubject(models.TextChoices):
    TEAMS = "teams", _("Teams")
    USERS = "users", _("People")


class ImportStatus(models.TextChoices):
    PLANNED = "planned", _("Planned")
    APPLIED = "applied", _("Applied")
    REFUSED = "refused", _("Refused")


class RowKind(models.TextChoices):
    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    SAME = "same", _("Same")
    ERROR = "error", _("Error")


class Import(models.Model):
    """A file and its plan. One with an error is refused; one that was applied stays as history."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    subject = models.CharField(_("what"), max_length=8, choices=ImportSubject)
    status = models.CharField(_("status"), max_length=8, choices=ImportStatus)
    filename = models.CharField(_("file"), max_length=255, blank=True)
    uploaded_by = models.ForeignKey(
        "teams.User",
        verbose_name=_("uploaded by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    applied_by = models.ForeignKey(
        "teams.User",
        verbose_name=_("applied by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # The encoding that a person chose; blank: it is looked for.
    chosen_encoding = models.CharField(max_length=16, blank=True)
    encoding = models.CharField(_("encoding"), max_length=16, blank=True)
    delimiter = models.CharField(max_length=1, default=",")
    columns = models.JSONField(default=list)
    # The bytes of the file, as long as they can still be applied.
    content = models.BinaryField(default=b"")
    # What the plan would do, and from which state: applying compares.
    digest = models.CharField(max_length=64)
    new_count = models.PositiveIntegerField(_("new"), default=0)
    changed_count = models.PositiveIntegerField(_("changed"), default=0)
    same_count = models.PositiveIntegerField(_("same"), default=0)
    error_count = models.PositiveIntegerField(_("errors"), default=0)
    # What is wrong with the file as a whole.
    faults = models.JSONField(default=list)
    created_at = models.DateTimeField(_("uploaded"))
    planned_at = models.DateTimeField()
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    # Since when only the counts are left of its rows.
    rows_removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.filename or str(self.public_id)

    @property
    def row_count(self) -> int:
        return self.new_count + self.changed_count + self.same_count + self.error_count


class ImportRow(models.Model):
    """One row of a plan: the cells that change, or what is wrong."""

    upload = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField(_("line"))
    kind = models.CharField(max_length=8, choices=RowKind)
    key = models.CharField(max_length=320, blank=True)
    # [{"column": …, "before": …, "after": …}]
    changes = models.JSONField(default=list)
    # [{"code": …, "line": …, "column": …, "facts": {…}}]
    faults = models.JSONField(default=list)

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        ordering = ("line", "pk")
        constraints = [
            # A line of the file has one outcome.
            models.UniqueConstraint(fields=["upload", "line"], name="import_row_once_per_line"),
        ]
        indexes = [models.Index(fields=["upload", "kind", "line"], name="import_row_by_kind")]

    def __str__(self) -> str:
        return f"{self.line} {self.key}"
