"""A timer never ran in a team that chooses nobody: say so in the row."""

from django.db import migrations


def switch_off(apps, schema_editor):
    Team = apps.get_model("teams", "Team")
    chosen = ("round_robin", "least_busy")
    Team.objects.filter(is_reassigning=True).exclude(strategy__in=chosen).update(
        is_reassigning=False
    )


class Migration(migrations.Migration):
    dependencies = [("teams", "0002_stored_answers")]

    operations = [migrations.RunPython(switch_off, migrations.RunPython.noop)]
