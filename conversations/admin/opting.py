"""Recording that a customer wants no more messages, and lifting that, each with its reason."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conversations.admin.contacts import ContactAdmin
from conversations.admin.verbs import actor_of
from conversations.models import Contact, Identity
from conversations.phones import mask_phone
from conversations.services import opt_outs
from teams.admin.console import Confirmation
from teams.viewers import viewer

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
            (identity.address if may_see_phone else mask_phone(identity.address), identity.medium)
        )


@admin.register(Contact)
class OptingContactAdmin(ContactAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        out, back = wrap(self.opt_out_view), wrap(self.opt_in_view)
        own = [
            path("<path:pk>/opt-out/", out, name="conversations_contact_opt_out"),
            path("<path:pk>/opt-in/", back, name="conversations_contact_opt_in"),
        ]
        return own + super().get_urls()

    def opt_out_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        contact = self._find(request, pk)
        if contact is None:
            return self._gone(request, pk)
        form = self._form(request, contact, is_out=False)
        if not form.is_valid():
            text = _(
                "Nothing is sent to these addresses any more, whoever writes it, until the customer"
                " or a colleague takes it back. What is queued is not sent either."
            )
            title = _("No more messages to %(who)s") % {"who": contact}
            return self._ask(request, contact, form, title=title, text=text, button=_("Record it"))
        count = opt_outs.record_by_hand(
            form.cleaned_data["addresses"],
            actor=actor_of(viewer(request)),
            now=timezone.now(),
            why=form.cleaned_data["reason"],
        )
        text = ngettext(
            "Nothing is sent to %(n)d address any more.",
            "Nothing is sent to %(n)d addresses any more.",
            count,
        )
        return self._done(request, contact, text % {"n": count})

    def opt_in_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        contact = self._find(request, pk)
        if contact is None:
            return self._gone(request, pk)
        form = self._form(request, contact, is_out=True)
        if not form.is_valid():
            text = _(
                "Messages go to these addresses again. Do this only if the customer asked for it:"
                " your reason is kept. Where the provider blocks the number itself, only the"
                " customer can lift that, by writing START."
            )
            title = _("Lift the opt-out of %(who)s") % {"who": contact}
            return self._ask(request, contact, form, title=title, text=text, button=_("Lift it"))
        count = opt_outs.lift_by_hand(
            form.cleaned_data["addresses"],
            actor=actor_of(viewer(request)),
            now=timezone.now(),
            why=form.cleaned_data["reason"],
        )
        text = ngettext(
            "Messages go to %(n)d address again.", "Messages go to %(n)d addresses again.", count
        )
        return self._done(request, contact, text % {"n": count})

    def _form(self, request: HttpRequest, contact: Contact, *, is_out: bool) -> OptingForm:
        if not request.user.has_perm("conversations.opt_out_contact"):
            raise PermissionDenied
        return OptingForm(
            request.POST if request.method == "POST" else None,
            contact=contact,
            is_out=is_out,
            may_see_phone=request.user.has_perm("conversations.view_phone"),
        )

    def _ask(
        self,
        request: HttpRequest,
        contact: Contact,
        form: OptingForm,
        *,
        title: str,
        text: str,
        button: str,
    ) -> HttpResponse:
        return self.confirm(
            request, confirmation=Confirmation(title, text, button, _page_of(contact), form=form)
        )

    def _done(self, request: HttpRequest, contact: Contact, text: str) -> HttpResponse:
        messages.success(request, text)
        return HttpResponseRedirect(_page_of(contact))


def _page_of(contact: Contact) -> str:
    return reverse("admin:conversations_contact_change", args=[contact.pk])
