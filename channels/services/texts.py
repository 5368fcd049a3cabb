"""What a channel writes by itself, in each language."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from channels.greetings import TextKind, find_unknown
from channels.models import Channel, ChannelText

#: A form sends so many rows; nobody keeps more languages up to date.
MOST_LANGUAGES = 20


@transaction.atomic
def replace(channel: Channel, *, kind: TextKind, texts: Mapping[str, str]) -> None:
    """Let a channel have these texts of a kind, by language, and no others.

    Raises `ValidationError` for an unknown language, an empty or too long text, or one with a
    variable that does not exist.
    """
    Channel.objects.select_for_update().get(pk=channel.pk)
    check(texts)
    channel.texts.filter(kind=kind).delete()
    for language, text in texts.items():
        row = ChannelText(channel=channel, kind=kind, language=language, text=text.strip())
        row.full_clean()
        row.save()


def check(texts: Mapping[str, str]) -> None:
    """Refuse more languages than anybody needs, and variables that stand for nothing."""
    if len(texts) > MOST_LANGUAGES:
        text = _("There are at most %(most)d languages.")
        raise ValidationError(text % {"most": MOST_LANGUAGES}, code="too_many")
    for written in texts.values():
        if unknown := find_unknown(written):
            text = _("{%(name)s} stands for nothing. Use the buttons to insert what there is.")
            raise ValidationError(text % {"name": unknown[0]}, code="unknown_variable")
