"""Give the files of the messages that were stored before a row each, to be fetched now."""

from django.db import migrations
from django.utils import timezone

ROWS_AT_ONCE = 500


def write_rows(apps, schema_editor):
    messages = apps.get_model("conversations", "Message").objects.filter(direction="inbound")
    attachments = apps.get_model("conversations", "Attachment")
    now = timezone.now()
    found = []
    for message in messages.exclude(media=[]).only("pk", "media").iterator(ROWS_AT_ONCE):
        files = [entry for entry in message.media if entry.get("kind") == "file"]
        for position, entry in enumerate(files):
            error = "" if entry.get("state") == "pending" else entry.get("state") or "missing"
            found.append(
                attachments(
                    message=message,
                    position=position,
                    state="failed" if error else "pending",
                    reference=entry.get("url", ""),
                    declared_type=entry.get("content_type", "")[:200],
                    error=error[:24],
                    fetch_due_at=None if error else now,
                    created_at=now,
                )
            )
    attachments.objects.bulk_create(found, batch_size=ROWS_AT_ONCE)


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0006_attachments'),
    ]

    operations = [
        # Backwards, the table goes with its rows; the messages were not changed.
        migrations.RunPython(write_rows, migrations.RunPython.noop),
    ]
