"""What a survey says moves to where all texts are: one for each language."""

from typing import Any

from django.db import migrations

COLUMNS = {
    "survey_question": "survey_question",
    "survey_comment_question": "survey_comment",
    "survey_thanks": "survey_thanks",
}


def move_to_texts(apps: Any, schema_editor: Any) -> None:
    """The words were for everybody: they become those of the channel's own language."""
    channels, texts = (apps.get_model("channels", name) for name in ("Channel", "ChannelText"))
    for channel in channels.objects.order_by("pk"):
        for column, kind in COLUMNS.items():
            text = getattr(channel, column)
            if text:
                texts.objects.create(
                    channel=channel, kind=kind, language=channel.language, text=text
                )


def move_back(apps: Any, schema_editor: Any) -> None:
    """The text in the channel's own language is kept, else any of them."""
    channels, texts = (apps.get_model("channels", name) for name in ("Channel", "ChannelText"))
    for channel in channels.objects.order_by("pk"):
        for column, kind in COLUMNS.items():
            theirs = texts.objects.filter(channel=channel, kind=kind).order_by("language", "pk")
            text = theirs.filter(language=channel.language).first() or theirs.first()
            if text is not None:
                setattr(channel, column, text.text[:500])
        channel.save(update_fields=list(COLUMNS))
    texts.objects.filter(kind__in=list(COLUMNS.values())).delete()


class Migration(migrations.Migration):
    dependencies = [("channels", "0011_fetching")]

    operations = [migrations.RunPython(move_to_texts, move_back)]
