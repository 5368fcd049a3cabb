"""People who answer, and people who look after them."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from teams.identifiers import new_public_id
from teams.querysets import UserQuerySet


class Role(models.IntegerChoices):
    """What a person may do. The numbers are those of the assignment seed's product."""

    AGENT = 1, _("Agent")
    SENIOR_AGENT = 2, _("Senior agent")
    SUPERVISOR = 3, _("Supervisor")
    ADMINISTRATOR = 4, _("Administrator")
    OWNER = 5, _("Owner")


class Presence(models.TextChoices):
    ONLINE = "online", _("Online")
    AWAY = "away", _("Away")
    OFFLINE = "offline", _("Offline")


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    use_in_migrations = False

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(
            email, password, role=Role.OWNER, is_superuser=True, **{"name": email, **fields}
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(email__iexact=username)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """One person. Load and capacity live here: they count over all teams and channels."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.PositiveSmallIntegerField(_("role"), choices=Role, default=Role.AGENT)
    code = models.CharField(_("code"), max_length=64, null=True, blank=True, unique=True)
    external_id = models.CharField(
        _("external id"), max_length=128, null=True, blank=True, unique=True
    )
    # Where this person is rung when callbacks are dialled.
    phone = models.CharField(
        _("phone"),
        max_length=16,
        blank=True,
        default="",
        db_default="",
        validators=[RegexValidator(r"\A\+[1-9][0-9]{6,14}\Z", _("For example +81312345678."))],
    )
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(_("console language"), max_length=12, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    presence = models.CharField(
        _("presence"), max_length=8, choices=Presence, default=Presence.OFFLINE
    )
    presence_reason = models.CharField(_("reason"), max_length=120, blank=True)
    presence_changed_at = models.DateTimeField(_("since"), null=True, blank=True)
    # A presence that lapses: offline when no heartbeat came for so long. The due time may be
    # earlier than that: the sweep then looks at the last heartbeat, and waits on.
    presence_lapses_after_s = models.PositiveIntegerField(null=True, blank=True, editable=False)
    presence_lapse_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    heartbeat_at = models.DateTimeField(null=True, blank=True, editable=False)
    capacity = models.PositiveIntegerField(
        _("capacity"),
        null=True,
        blank=True,
        help_text=_(
            "How many new and in-progress conversations at once. Empty: no limit. "
            "People can still be given more by hand."
        ),
    )
    load = models.IntegerField(_("load"), default=0, editable=False)
    last_assigned_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_receiving = models.BooleanField(
        _("receives conversations automatically"),
        default=True,
        help_text=_("Off: works, but gets nothing automatically."),
    )
    # A mark for the sweep that places waiting conversations: this person may have become able
    # to take one (came online, got free, joined a team). Cleared by the sweep.
    offer_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    # A mark for whoever kept promises of this person in mind: they left. Cleared by the sweep.
    promises_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("name", "pk")
        constraints = [
            # One account per address, whatever its capitals: stored in lower case only.
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_lower_case"
            ),
            # Exactly one owner: this says "at most"; services refuse to remove the last.
            models.UniqueConstraint(
                fields=["role"], condition=models.Q(role=5), name="user_single_owner"
            ),
            # A load below zero means that a release was counted twice.
            models.CheckConstraint(condition=models.Q(load__gte=0), name="user_load_not_negative"),
        ]
        indexes = [
            # Who has the least to do, however large the team: those who never had anything, and
            # the others by how long ago.
            models.Index(
                fields=["load"],
                condition=models.Q(
                    last_assigned_at=None, presence="online", is_active=True, is_receiving=True
                ),
                name="user_by_load_never_assigned",
            ),
            models.Index(
                fields=["load", "last_assigned_at"],
                condition=models.Q(
                    last_assigned_at__isnull=False,
                    presence="online",
                    is_active=True,
                    is_receiving=True,
                ),
                name="user_by_load",
            ),
            models.Index(
                fields=["promises_due_at"],
                condition=models.Q(promises_due_at__isnull=False),
                name="user_promises_due",
            ),
            models.Index(
                fields=["offer_due_at"],
                condition=models.Q(offer_due_at__isnull=False),
                name="user_offer_due",
            ),
            models.Index(
                fields=["presence_lapse_due_at"],
                condition=models.Q(presence_lapse_due_at__isnull=False),
                name="user_presence_lapse_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """The admin site is for supervisors and above."""
        return self.role >= Role.SUPERVISOR

    @property
    def has_lapsed(self) -> bool:
        """Whether they are offline because no heartbeat came, and not because somebody said so."""
        return self.presence == Presence.OFFLINE and self.presence_lapses_after_s is not None

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]
