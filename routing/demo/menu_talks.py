"""Customers who go through the shop's menu, so that there are runs of its flow to look at."""

from datetime import datetime, timedelta
from functools import partial

from conversations.actors import Actor
from conversations.models import Conversation
from routing.demo import ticks
from routing.demo.crowd import Talk
from routing.demo.life import Life
from routing.models import Flow, FlowRun
from routing.services import flow_runs, flow_starting

MINUTE = timedelta(minutes=1)
#: So long ago somebody wrote on a line, and answered each minute. The last one thinks it over.
TALKS = (
    (timedelta(minutes=150), "tokyo", ("メニュー", "3", "4711")),
    (timedelta(minutes=70), "paris", ("menu", "1")),
    (timedelta(minutes=4), "tokyo", ("メニュー",)),
)


def plan(life: Life, *, now: datetime) -> None:
    """Plan what they write; the people of the shop answer them as they answer everybody."""
    for ago, line, texts in TALKS:
        talk = life.crowd.start_talk_about("order", line=line, now=now - ago)
        for number, text in enumerate(texts):
            life.schedule.plan(now - ago + number * MINUTE, partial(_write, life, talk, text))


def _write(life: Life, talk: Talk, text: str, now: datetime) -> None:
    life.write(talk, text, now)
    if not FlowRun.objects.filter(conversation=talk.conversation_id).exists():
        _let_it_ask(life, talk, now=now)
    while flow_runs.run_next(now=now):
        while ticks.carry(talk.conversation_id, now=now):
            pass


def _let_it_ask(life: Life, talk: Talk, *, now: datetime) -> None:
    """A rule came first and gave it to somebody: the supervisor lets the flow ask before that."""
    ana = life.shop.people["ana"]
    flow_starting.start_in(
        Conversation.objects.get(pk=talk.conversation_id),
        flow=Flow.objects.get(),
        actor=Actor.person(ana.pk, ana.name),
        has_priority=True,
        now=now,
    )
