"""What AI agents would do, as sentences for people."""

from django.utils.translation import gettext_lazy as _

from routing.ai.plans import Plan
from routing.ai_error_words import explain_error
from routing.models import RunEnd
from routing.services.ai_trials import Trial
from teams.texts import Text


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
