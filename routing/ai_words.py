"""What AI agents do and why they fail, as sentences for people."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from routing.ai.plans import Plan
from routing.models import RunEnd
from routing.services.ai_trials import Trial
from teams.texts import Text

ERRORS: Mapping[str, Text] = {
    "timeout": _("It did not answer in time."),
    "connection": _("Nobody answered at its address."),
    "tls": _("Its certificate could not be trusted."),
    "protocol": _("What answered does not speak HTTP."),
    "too_large": _("Its answer was too long to be read."),
    "blocked": _("Its address is private, unknown or malformed, and is not called."),
    "not_listed": _("Its address is not among those that the operator allows."),
    "key_missing": _("Its key cannot be read. Enter it anew."),
    "unauthorized": _("It refused the key."),
    "rate_limited": _("It was asked too often."),
    "server": _("It answered with a server error."),
    "refused": _("It refused the request."),
    "malformed": _("Its answer could not be understood."),
    "empty": _("It answered nothing."),
    "internal": _("Something unforeseen went wrong; the log has more."),
    "lost": _("The worker stopped while it was asked."),
}


def explain_error(code: str) -> Text:
    return ERRORS.get(code, code)


def explain_trial(trial: Trial) -> list[tuple[str, Text]]:
    """Return what would happen besides the reply, each with a tone: good, warn, bad or quiet."""
    said: list[tuple[str, Text]] = []
    if not trial.was_asked:
        said.append(("quiet", _("A hand-over word was found: the model was not asked.")))
    if trial.error:
        said.append(("bad", explain_error(trial.error)))
    said += _explain_plan(trial.plan)
    if trial.tokens_in or trial.tokens_out:
        facts = {"read": trial.tokens_in, "written": trial.tokens_out}
        text = _("%(read)d tokens were read and %(written)d written.")
        said.append(("quiet", text % facts))
    if trial.was_asked:
        said.append(("quiet", _("It took %(ms)d ms.") % {"ms": trial.took_ms}))
    return said


def _explain_plan(plan: Plan) -> list[tuple[str, Text]]:
    said: list[tuple[str, Text]] = []
    if plan.tags:
        text = _("It would set the tags: %(tags)s")
        said.append(("good", text % {"tags": ", ".join(plan.tags)}))
    if plan.callback:
        text = _("It would propose a callback: %(when)s")
        said.append(("good", text % {"when": plan.callback.when or "–"}))
    if plan.handover:
        text = _("People would go on. %(reason)s.")
        said.append(("warn", text % {"reason": RunEnd(plan.handover).label}))
    if plan.summary:
        said.append(("quiet", _("Summary: %(text)s") % {"text": plan.summary}))
    if plan.refused:
        text = _("It tried what it may not, and nothing came of it: %(names)s")
        said.append(("bad", text % {"names": ", ".join(plan.refused)}))
    return said
