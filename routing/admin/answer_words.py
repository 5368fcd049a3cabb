"""Where the engine sends a conversation, by the names that things have now."""

from collections.abc import Iterable

from django.db.models import Model
from django.utils.translation import gettext as _

from routing.engine.facts import Answer, Outcome, TargetKind
from routing.engine.tally import Place
from routing.models import AiAgent, Flow
from routing.places import Named, look_up
from teams.models import Team, User


def sentence(answer: Answer) -> str:
    """Return who would get it, in one sentence."""
    team = Team.objects.filter(pk=answer.team_id).first() if answer.team_id else None
    names = {"team": team.name if team else ""}
    if answer.outcome is Outcome.HELD and answer.flow_id is not None:
        names["name"] = _name(Flow, answer.flow_id)
        return _("The flow %(name)s would start.") % names
    if answer.outcome is Outcome.HELD:
        names["name"] = AiAgent.objects.get(pk=answer.ai_agent_id or 0).name
        return _("The AI agent %(name)s would answer.") % names
    if answer.user_id is None:
        if team:
            return _("It would wait in the queue of %(team)s.") % names
        return _("It would wait in the channel's queue.")
    names["name"] = User.objects.get(pk=answer.user_id).name
    if team:
        return _("It would go to %(team)s, and %(name)s would get it.") % names
    return _("%(name)s would get it.") % names


def where(answer: Answer) -> str:
    """Return where it goes, in a few words: "Support · Alice"."""
    if answer.flow_id is not None:
        return _name(Flow, answer.flow_id)
    if answer.ai_agent_id is not None:
        return _name(AiAgent, answer.ai_agent_id)
    team = _name(Team, answer.team_id) if answer.team_id else ""
    person = _name(User, answer.user_id) if answer.user_id else _("nobody, it waits")
    return f"{team} · {person}" if team else person


def names_of(places: Iterable[Place]) -> dict[Place, str]:
    """Return what places are called, in one query for each kind."""
    meant = list(places)
    found = look_up(meant)
    return {place: _say_place(place, found.get(place)) for place in meant}


def _say_place(place: Place, found: Named | None) -> str:
    if found is None:
        return _("(deleted)")
    if place.kind == TargetKind.CHANNEL:
        return _("Agents of %(channel)s") % {"channel": found.name}
    return found.name


def _name(table: type[Model], id: int | None) -> str:
    found = table._default_manager.filter(pk=id).values_list("name", flat=True).first()
    return found or _("(deleted)")
