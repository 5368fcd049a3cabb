from django.db import migrations
from django.utils import timezone

PROVIDERS = ("twilio", "whatsapp_cloud", "engagelab")


def plan(apps, schema_editor):
    """Until now templates were fetched by a button alone."""
    Channel = apps.get_model("channels", "Channel")
    TemplateSync = apps.get_model("channels", "TemplateSync")
    now = timezone.now()
    channels = Channel.objects.filter(provider__in=PROVIDERS)
    TemplateSync.objects.bulk_create(
        TemplateSync(
            channel=channel,
            sync_due_at=now if channel.is_active and channel.medium == "whatsapp" else None,
        )
        for channel in channels.only("pk", "is_active", "medium")
    )


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0017_template_syncs'),
    ]

    operations = [migrations.RunPython(plan, migrations.RunPython.noop)]
