"""The approved templates by which a channel asks for ratings once the 24 hours are over."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SurveyTemplate(models.Model):
    """A template with what stands in its placeholders: `{contact_name}` and `{channel_name}` too.

    In which language it asks is the template's own affair: a channel has one for each.
    """

    channel = models.ForeignKey(
        "channels.Channel", on_delete=models.CASCADE, related_name="survey_templates"
    )
    template = models.ForeignKey(
        "channels.Template",
        verbose_name=_("template"),
        on_delete=models.CASCADE,
        related_name="survey_templates",
    )
    # Name of the placeholder -> what is put there.
    values = models.JSONField(_("values"), default=dict, blank=True)

    class Meta:
        verbose_name = _("template for a rating")
        verbose_name_plural = _("templates for a rating")
        ordering = ("template__language", "pk")
        constraints = [
            models.UniqueConstraint(fields=["channel", "template"], name="survey_template_once"),
        ]

    def __str__(self) -> str:
        return str(self.template)
