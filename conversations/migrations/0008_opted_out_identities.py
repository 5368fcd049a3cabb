from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0007_earlier_attachments'),
    ]

    operations = [
        migrations.AddField(
            model_name='identity',
            name='opted_out_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='opted out'),
        ),
        migrations.AddField(
            model_name='identity',
            name='opted_out_reason',
            field=models.CharField(blank=True, choices=[('word', 'The customer wrote it'), ('provider', 'The provider read it in what the customer wrote'), ('refused', 'The provider refused a message for it')], db_default='', default='', max_length=16),
        ),
    ]
