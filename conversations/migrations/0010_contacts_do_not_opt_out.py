from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0009_who_opted_out'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='contact',
            name='opted_out_at',
        ),
    ]
