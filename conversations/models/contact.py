"""The person outside, and the addresses under which that person writes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.models import Medium
from conversations.phones import mask_phone
from teams.identifiers import new_public_id


class OptOutReason(models.TextChoices):
    """How we know that a customer wants no more messages."""

    WORD = "word", _("The customer wrote it")
    PROVIDER = "provider", _("The provider read it in what the customer wrote")
    REFUSED = "refused", _("The provider refused a message for it")
    PERSON = "person", _("A colleague recorded it")


class Contact(models.Model):
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=16, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    # "Permanent agent": every conversation of this contact goes to this person, even when offline.
    permanent_agent = models.ForeignKey(
        "teams.User",
        verbose_name=_("permanent agent"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="permanent_contacts",
    )
    # This contact turned out to be somebody else's, and is empty since.
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_ones"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ("-pk",)

    def __str__(self) -> str:
        """A name to print anywhere: titles and lists are read by more people than may call."""
        return self.name or mask_phone(self.phone) or f"#{self.pk}"


class Identity(models.Model):
    """One address of a contact, in the provider's own spelling without its prefix."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    medium = models.CharField(_("medium"), max_length=16)
    address = models.CharField(_("address"), max_length=160)
    created_at = models.DateTimeField()
    # Since when nothing may be sent to this address, and how we know. The same person may well
    # want messages at another address.
    opted_out_at = models.DateTimeField(_("opted out"), null=True, blank=True)
    opted_out_reason = models.CharField(
        max_length=16, blank=True, default="", db_default="", choices=OptOutReason
    )

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        ordering = ("pk",)
        constraints = [
            # One address belongs to one person: two deliveries at once must not make two contacts.
            models.UniqueConstraint(fields=["medium", "address"], name="identity_once"),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def medium_label(self) -> str:
        return str(Medium(self.medium).label)


class PossibleDuplicate(models.Model):
    """Two contacts of whom a provider says that they are one person; a person has to decide.

    `contact` is the one that was here first.
    """

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="possible_duplicates"
    )
    other = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="possible_originals")
    noted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["contact", "other"], name="possible_duplicate_once"),
        ]

    def __str__(self) -> str:
        return f"#{self.contact_id} = #{self.other_id}"
