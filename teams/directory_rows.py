"""Teams and people as the columns of an import see them: for plans, and for exports."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from teams.csv_cells import write_csv
from teams.csv_columns import Directory
from teams.csv_plan import LAYOUTS, Subject, show_row
from teams.models import Membership, Role, Strategy, Team, User
from teams.time_zones import time_zones

#: Columns of people that are called otherwise in the table.
FIELD_OF = {"user_code": "code"}
_PLAIN = (
    "name",
    "role",
    "external_id",
    "is_active",
    "is_receiving",
    "capacity",
    "phone",
    "language",
    "time_zone",
)
_TEAM = (
    "name",
    "description",
    "strategy",
    "is_active",
    "is_reassigning",
    "reassign_after_s",
)

Rows = dict[str, dict[str, Any]]


def load_directory(subject: Subject, *, editor: User | None) -> Directory:
    """Return what a plan compares with. Without an editor nothing is above whoever imports."""
    people = User.objects.values_list("email", "is_active", "load")
    return Directory(
        rows=load_teams(Team.objects.all()) if subject == Subject.TEAMS else load_people(),
        loads={email: load for email, _is_active, load in people if load},
        team_codes=frozenset(Team.objects.values_list("code", flat=True)),
        people=frozenset(email for email, is_active, _load in people if is_active),
        strategies=frozenset(Strategy.values),
        languages=frozenset(dict(settings.LANGUAGES)),
        time_zones=time_zones(),
        editor_role=editor.role if editor else Role.OWNER,
        editor_key=editor.email if editor else "",
    )


def load_teams(teams: QuerySet[Team]) -> Rows:
    rows = teams.order_by("code").values("code", "default_user__email", *_TEAM)
    return {
        row["code"]: {**row, "default_user": row["default_user__email"]} for row in rows.iterator()
    }


def load_people(people: QuerySet[User] | None = None) -> Rows:
    """Return the people with the codes of their teams, in two queries."""
    chosen = User.objects.all() if people is None else people
    codes: dict[int, set[str]] = {}
    memberships = Membership.objects.order_by()
    if people is not None:
        memberships = memberships.filter(user__in=people.order_by().values("pk"))
    for user_id, code in memberships.values_list("user_id", "team__code"):
        codes.setdefault(user_id, set()).add(code)
    rows = chosen.order_by("email").values("pk", "email", "code", *_PLAIN)
    return {
        row["email"]: {
            **row,
            "user_code": row["code"],
            "team_codes": frozenset(codes.get(row["pk"], ())),
        }
        for row in rows.iterator()
    }


def export_teams(teams: QuerySet[Team]) -> str:
    """Return the teams as an import takes them."""
    return _export(load_teams(teams), subject=Subject.TEAMS)


def export_people(people: QuerySet[User]) -> str:
    """Return the people as an import takes them."""
    return _export(load_people(people), subject=Subject.USERS)


def _export(rows: Rows, *, subject: Subject) -> str:
    shown = (show_row(key, values, subject=subject) for key, values in rows.items())
    return write_csv(LAYOUTS[subject].header, shown)
