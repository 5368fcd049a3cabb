"""What a flow does to its run, its conversation and its contact: rows of one transaction."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from channels.models import Template
from conversations import properties
from conversations.actors import Actor
from conversations.models import Contact, Conversation, HouseFile
from conversations.services import bots, contacts, house_files, labels
from routing.engine.flow.progress import ChangeContact, Say, SetTags, Walked, join_tags
from routing.models import FlowRun, FlowRunStep, RunStatus


def record(run: FlowRun, walked: Walked, *, up_to: int, now: datetime) -> None:
    """Write down where the run stands, and what each step did."""
    state = walked.state
    memory: dict[str, Any] = {"warning": state.warning} if state.warning else {}
    if state.goal is not None:
        memory["goal"] = asdict(state.goal)
    if run.memory.get("is_new_contact"):
        memory["is_new_contact"] = True
    FlowRunStep.objects.bulk_create(
        FlowRunStep(
            run=run,
            position=position,
            step=entry.step,
            kind=entry.kind,
            outcome=entry.outcome,
            facts=dict(entry.facts),
            at=now,
        )
        for position, entry in enumerate(walked.log, start=run.step_count + 1)
    )
    changes: dict[str, Any] = {
        "step": state.step,
        "attempts": state.attempts,
        "answers": dict(state.answers),
        "memory": memory,
        "seen_sequence": up_to,
        "step_count": run.step_count + len(walked.log),
    }
    if walked.wait_s is not None:
        changes |= {
            "status": RunStatus.WAITING,
            "due_at": now + timedelta(seconds=walked.wait_s),
        }
    FlowRun.objects.filter(pk=run.pk).update(**changes)
    run.refresh_from_db()


def apply(run: FlowRun, conversation: Conversation, walked: Walked, *, now: datetime) -> None:
    """Queue what the flow says, and set the conversation's tags, in their order."""
    actor = Actor.flow(run.flow.name)
    for effect in walked.effects:
        if isinstance(effect, Say):
            _say(conversation, effect, up_to=run.seen_sequence, actor=actor, now=now)
        elif isinstance(effect, SetTags) and effect.of == "conversation":
            tags = join_tags(tuple(conversation.tags), effect.tags, effect.mode)
            changed = labels.change(conversation, tags=tags, actor=actor, now=now)
            conversation.tags, conversation.version = changed.tags, changed.version


def apply_to_contact(
    run: FlowRun, conversation: Conversation, walked: Walked, *, now: datetime
) -> None:
    """Write down what is known of the contact: last, as contacts are locked after people."""
    actor = Actor.flow(run.flow.name)
    for effect in walked.effects:
        if isinstance(effect, Say):
            continue
        contact = Contact.objects.select_for_update(of=("self",)).get(pk=conversation.contact_id)
        changes = _changes(effect, contact)
        if changes:
            contacts.update(contact, actor=actor, now=now, **changes)


def _say(
    conversation: Conversation, effect: Say, *, up_to: int, actor: Actor, now: datetime
) -> None:
    if not effect.template:
        files = HouseFile.objects.filter(public_id=effect.file) if effect.file else ()
        bots.queue_text(
            conversation,
            body=effect.text,
            files=[house_files.lend(file) for file in files],
            answers_up_to=up_to,
            actor=actor,
            now=now,
        )
        return
    bots.queue_template(
        conversation,
        template=Template.objects.get(public_id=effect.template),
        values=effect.values,
        answers_up_to=up_to,
        actor=actor,
        now=now,
    )


def _changes(effect: ChangeContact | SetTags, contact: Contact) -> dict[str, Any]:
    """Return what is to change in a contact whose row is locked."""
    if isinstance(effect, SetTags):
        if effect.of != "contact":
            return {}
        return {"tags": list(join_tags(tuple(contact.tags), effect.tags, effect.mode))}
    changes: dict[str, Any] = {}
    if effect.name is not None:
        changes["name"] = effect.name
    if effect.language is not None:
        changes["language"] = effect.language
    room = properties.MOST - len(contact.attributes)
    added = [name for name in effect.attributes if name not in contact.attributes]
    left_out = set(added[max(room, 0) :])
    attributes = {k: v for k, v in effect.attributes.items() if k not in left_out}
    return {**changes, "attributes": attributes} if attributes else changes
