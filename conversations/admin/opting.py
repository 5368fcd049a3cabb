"""Recording that a customer wants no more messages, and lifting that, each with its reason."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext

from conversations.admin.contacts import ContactAdmin
from conversations.admin.verbs import actor_of
from conversations.models import Contact, Identity
from conversations.phones import mask_phone
from conversations.services import opt_outs
from teams.admin.console import Confirmation
from teams.texts import Text
from teams.viewers import posted, viewer

MOST_REASON = 300


class OptingForm(forms.Form):
    """Which addresses, and why."""

    addresses = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Addresses"),
        queryset=Identity.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MOST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, data: QueryDict | None, *, contact: Contact, is_out: bool, may_see_phone: bool
    ) -> None:
        rows = contact.identities.filter(opted_out_at__isnull=not is_out).order_by("pk")
        super().__init__(data, initial={"addresses": rows})
        addresses: Any = self.fields["addresses"]
        addresses.queryset = rows
        addresses.label_from_instance = lambda identity: " · ".join(
            (
                identity.address if may_see_phone else mask_phone(identity.address),
                identity.medium_label,
            )
        )


@dataclass(frozen=True, slots=True)
class Opting:
    """One of the two: what it asks, does, and says when it is done."""

    key: str
    #: Whether it is about the addresses that are opted out.
    is_out: bool
    title: Text
    consequence: Text
    button: Text
    record: Callable[..., int]
    done: Callable[[int], str]


OPT_OUT = Opting(
    "opt-out",
    is_out=False,
    title=gettext_lazy("No more messages to %(who)s"),
    consequence=gettext_lazy(
        "Nothing is sent to these addresses any more, whoever writes it, until the customer"
        " or a colleague takes it back. What is queued is not sent either."
    ),
    button=gettext_lazy("Record it"),
    record=opt_outs.record_by_hand,
    done=lambda count: ngettext(
        "Nothing is sent to %(n)d address any more.",
        "Nothing is sent to %(n)d addresses any more.",
        count,
    ),
)
OPT_IN = Opting(
    "opt-in",
    is_out=True,
    title=gettext_lazy("Lift the opt-out of %(who)s"),
    consequence=gettext_lazy(
        "Messages go to these addresses again. Do this only if the customer asked for it:"
        " your reason is kept. Where the provider blocks the number itself, only the"
        " customer can lift that, by writing START."
    ),
    button=gettext_lazy("Lift it"),
    record=opt_outs.lift_by_hand,
    done=lambda count: ngettext(
        "Messages go to %(n)d address again.", "Messages go to %(n)d addresses again.", count
    ),
)


@admin.register(Contact)
class OptingContactAdmin(ContactAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.opting_view)
        own = [
            path(
                f"<path:pk>/{opting.key}/",
                view,
                {"opting": opting},
                name=f"conversations_contact_{opting.key.replace('-', '_')}",
            )
            for opting in (OPT_OUT, OPT_IN)
        ]
        return own + super().get_urls()

    def opting_view(self, request: HttpRequest, pk: str, opting: Opting) -> HttpResponse:
        """GET asks which addresses and why, POST does it."""
        contact = self.find(request, pk)
        if contact is None:
            return self.gone(request, pk)
        if not request.user.has_perm("conversations.opt_out_contact"):
            raise PermissionDenied
        form = OptingForm(
            posted(request),
            contact=contact,
            is_out=opting.is_out,
            may_see_phone=request.user.has_perm("conversations.view_phone"),
        )
        page = reverse("admin:conversations_contact_change", args=[contact.pk])
        if not form.is_valid():
            title = str(opting.title) % {"who": contact}
            asked = Confirmation(title, opting.consequence, opting.button, page, form=form)
            return self.confirm(request, confirmation=asked)
        count = opting.record(
            form.cleaned_data["addresses"],
            actor=actor_of(viewer(request)),
            now=timezone.now(),
            why=form.cleaned_data["reason"],
        )
        messages.success(request, opting.done(count) % {"n": count})
        return HttpResponseRedirect(page)
