from django.db import migrations
from django.db.models import Min, OuterRef, Subquery


def to_identities(apps, schema_editor):
    """Only a refusal of the provider was ever recorded, of the person, for every address alike."""
    Contact = apps.get_model("conversations", "Contact")
    Identity = apps.get_model("conversations", "Identity")
    since = Contact.objects.filter(pk=OuterRef("contact")).values("opted_out_at")[:1]
    Identity.objects.filter(contact__opted_out_at__isnull=False).update(
        opted_out_at=Subquery(since), opted_out_reason="refused"
    )


def to_contacts(apps, schema_editor):
    Contact = apps.get_model("conversations", "Contact")
    Identity = apps.get_model("conversations", "Identity")
    theirs = Identity.objects.filter(contact=OuterRef("pk"), opted_out_at__isnull=False)
    first = theirs.order_by().values("contact").annotate(at=Min("opted_out_at")).values("at")
    Contact.objects.update(opted_out_at=Subquery(first))


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0008_opted_out_identities'),
    ]

    operations = [migrations.RunPython(to_identities, to_contacts)]
