"""Files of the house: kept to be sent again and again, to many customers."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.identifiers import new_public_id


class HouseFile(models.Model):
    """A file that flows send. Each message that has it gets a file of its own, as others do.

    The bytes lie below DATA_DIR/media at `path`, as those of messages; `content_type` is what they
    say themselves.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    filename = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    path = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        "teams.User", null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("file of the house")
        verbose_name_plural = _("files of the house")
        ordering = ("pk",)
        constraints = [
            # What is here can be found.
            models.CheckConstraint(
                condition=~models.Q(path="") & models.Q(size__gt=0), name="house_file_is_somewhere"
            ),
        ]

    def __str__(self) -> str:
        return self.filename
