"""Fills a database with what is measured: a channel, two teams and ten rules. Prints its door.

Run by the benchmarks in a process of its own, with the environment of the house to fill.
"""

import json

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from channels.addresses import inbound_url  # noqa: E402
from teams.models import Strategy  # noqa: E402
from tests.factories import make_agent, make_channel, make_rule, make_team  # noqa: E402

TEAM_SIZE = 10
TOPICS = ("invoice", "password", "warranty", "size", "gift", "job", "press", "bulk")


def main() -> None:
    print(json.dumps(fill()))


def fill() -> dict:
    call_command("migrate", verbosity=0)
    refunds = make_team(name="Refunds", strategy=Strategy.ROUND_ROBIN, members=_people("Refunds"))
    orders = make_team(name="Orders", strategy=Strategy.LEAST_BUSY, members=_people("Orders"))
    channel = make_channel(time_zone="Asia/Tokyo")
    for position, topic in enumerate(TOPICS):
        _rule(topic, team=orders, position=position)
    _rule("refund, 返金", team=refunds, position=len(TOPICS))
    _rule("order", team=orders, position=len(TOPICS) + 1)
    url = inbound_url(channel)
    door = {
        "path": url.removeprefix(settings.PUBLIC_BASE_URL),
        "public_url": url,
        "account_sid": channel.account_sid,
        "auth_token": channel.auth_token,
        "number": channel.phone_number,
    }
    return {"door": door, "channel_id": channel.pk, "teams": [refunds.pk, orders.pk]}


def _people(team: str) -> tuple:
    return tuple(make_agent(name=f"{team} {number}") for number in range(TEAM_SIZE))


def _rule(words: str, *, team, position: int) -> None:
    make_rule(
        name=words, team=team, position=position, conditions=(("message.text", "contains", words),)
    )


if __name__ == "__main__":
    main()
