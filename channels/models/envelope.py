"""What reached us, byte for byte, before anybody trusted it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EnvelopeOutcome(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted")
    QUARANTINED = "quarantined", _("In quarantine")
    REPLAYED = "replayed", _("Replayed from quarantine")
    # A copy of the message was stored while this one lay in quarantine.
    DUPLICATE = "duplicate", _("Came another time too")
    # Never reached us: it was found in the provider's list of messages, and written down from it.
    FETCHED = "fetched", _("Fetched from the provider")
    # Something else than a message: a reaction, say, or a customer's new number.
    NOTED = "noted", _("Noted, no message")


#: Before the signature of a request that could not be checked, in place of the provider's id.
UNVERIFIED = "unverified:"


class Envelope(models.Model):
    """One signed inbound message request. Refused requests are not stored.

    A request with several messages is kept message by message, each with what is needed to read it
    alone: so each has its own id, is stored once, and can be processed again by itself.

    One that nobody could check, because the channel's secret cannot be read, is: its key says so,
    and it uses no signature up, so that the provider may send it again.
    """

    channel = models.ForeignKey(
        "channels.Channel", on_delete=models.PROTECT, related_name="envelopes"
    )
    # The provider's message id; "signature:…" where it was missing, "unverified:…" where the
    # signature could not be checked.
    dedupe_key = models.CharField(max_length=160)
    signature = models.CharField(max_length=160, blank=True)
    content_type = models.CharField(max_length=200, blank=True)
    raw_body = models.BinaryField()
    outcome = models.CharField(max_length=12, choices=EnvelopeOutcome)
    reason = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("inbound request")
        verbose_name_plural = _("inbound log")
        ordering = ("-pk",)
        constraints = [
            # The provider may deliver a message any number of times; it is stored once.
            models.UniqueConstraint(fields=["channel", "dedupe_key"], name="envelope_once_per_id"),
            # The signed string has no separators: a captured request can be re-sent with letters
            # moved between names and values. The signature itself may therefore be used once. It
            # is blank where several messages came under one: there, each is known by its id.
            models.UniqueConstraint(
                fields=["channel", "signature"],
                condition=models.Q(signature__gt=""),
                name="envelope_once_per_signature",
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=models.Q(outcome="quarantined"),
                name="envelope_quarantined",
            ),
        ]

    def __str__(self) -> str:
        return self.dedupe_key

    @property
    def is_unverified(self) -> bool:
        return self.dedupe_key.startswith(UNVERIFIED)
