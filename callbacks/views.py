"""What is open to whoever has the address: callbacks as a calendar."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from callbacks.feeds import CONTENT_TYPE, build_calendar
from callbacks.services import feeds


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a calendar program, in the language of whoever it is for. 404 for anything else."""
    feed = feeds.find(token)
    if feed is None:
        raise Http404
    reader = feed.person or feed.created_by
    with translation.override(reader.language or settings.LANGUAGE_CODE):
        title = _("Callbacks: %(whose)s") % {"whose": feed}
        callbacks = feeds.load(feed, now=timezone.now())
        body = build_calendar(callbacks, title=title, home=request.build_absolute_uri("/"))
    answer = HttpResponse(body, content_type=CONTENT_TYPE)
    answer["Cache-Control"] = "private, no-cache"
    answer["X-Robots-Tag"] = "noindex"
    return answer
