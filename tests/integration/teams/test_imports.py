"""Importing people and teams: planned first, applied as a whole or not at all."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from teams.csv_plan import Subject
from teams.directory_rows import export_people, export_teams
from teams.models import Import, ImportStatus, Membership, Presence, Role, Strategy, Team, User
from teams.services import directory, import_thinning, imports, memberships
from teams.services.import_thinning import forget_next_rows
from teams.services.imports import ImportRefusedError, PlanChangedError
from tests import moments
from tests.factories import make_administrator, make_agent, make_supervisor, make_team

pytestmark = pytest.mark.django_db
NOW = moments.WEDNESDAY_MORNING
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def ada(db):
    return make_administrator(email="ada@e.example")


def leave(user):
    directory.deactivate(user, now=LATER)


def plan(text, *, subject=Subject.USERS, by=None, **options):
    return imports.plan(text.encode(), subject=subject, uploaded_by=by, now=NOW, **options)


def carry_out(text, *, subject=Subject.USERS, by=None):
    return imports.apply(plan(text, subject=subject, by=by), editor=by, leave=leave, now=LATER)


def counts(upload):
    return (upload.new_count, upload.changed_count, upload.same_count, upload.error_count)


class TestAnImportOfPeople:
    TEXT = (
        "email,name,role,user_code,team_codes,is_active,capacity,language,time_zone,external_id,"
        "phone\n"
        "sato@e.example,佐藤 美咲,supervisor,E-1042,support|sales,,5,ja,Asia/Tokyo,crm-7,"
        "+81 3-5550-1111\n"
        "alice@e.example,Alice L.,2,,sales,,-,,,,\n"
    )

    @pytest.fixture
    def alice(self):
        return make_agent(email="alice@e.example", capacity=3)

    @pytest.fixture
    def teams(self, alice):
        return (
            make_team(code="support", members=(alice,)),
            make_team(code="sales", members=(make_agent(name="Bob"),)),
        )

    def test_creates_and_changes(self, ada, alice, teams):
        upload = carry_out(self.TEXT, by=ada)

        sato = User.objects.get(email="sato@e.example")
        assert (sato.name, sato.role, sato.code, sato.capacity) == ("佐藤 美咲", 3, "E-1042", 5)
        assert (sato.language, sato.time_zone, sato.external_id) == ("ja", "Asia/Tokyo", "crm-7")
        assert sato.phone == "+81355501111"
        assert not sato.has_usable_password()
        alice.refresh_from_db()
        assert (alice.name, alice.role, alice.capacity) == ("Alice L.", Role.SENIOR_AGENT, None)
        assert (upload.status, upload.applied_by, upload.applied_at) == ("applied", ada, LATER)
        assert counts(upload) == (1, 1, 0, 0)

    def test_replaces_memberships(self, alice, teams):
        carry_out(self.TEXT)

        found = Membership.objects.values_list("team__code", "user__name", "position")
        assert set(found) == {
            ("support", "佐藤 美咲", 1),
            ("sales", "Bob", 0),
            ("sales", "佐藤 美咲", 1),
            ("sales", "Alice L.", 2),
        }

    def test_lets_whoever_has_more_room_take_what_waits(self, alice, teams):
        carry_out(self.TEXT)

        marked = User.objects.filter(offer_due_at=LATER)
        assert set(marked.values_list("email", flat=True)) == {"sato@e.example", "alice@e.example"}

    def test_changes_nothing_the_second_time(self, alice, teams):
        carry_out(self.TEXT)
        before = list(User.objects.order_by("pk").values())

        again = carry_out(self.TEXT)

        assert counts(again) == (0, 0, 2, 0)
        assert list(User.objects.order_by("pk").values()) == before

    def test_keeps_a_password(self, alice, teams):
        alice.set_password("correct horse")
        alice.save(update_fields=["password"])

        carry_out(self.TEXT)

        alice.refresh_from_db()
        assert alice.check_password("correct horse")

    def test_goes_on_with_the_circle_from_the_member_before_a_leaver(self, alice):
        bob, chen = make_agent(name="Bob"), make_agent(name="Chen", email="chen@e.example")
        team = make_team(code="support", members=(bob, alice, chen), cursor_member=chen)
        Team.objects.filter(pk=team.pk).update(default_user=alice)

        carry_out("email,team_codes\nalice@e.example,-\nchen@e.example,-\n")

        team.refresh_from_db()
        assert (team.cursor_member, team.default_user) == (bob, None)
        assert list(team.members.all()) == [bob]

    def test_lets_two_people_swap_their_codes(self, alice):
        bob = make_agent(name="Bob", email="bob@e.example", code="E-2")
        User.objects.filter(pk=alice.pk).update(code="E-1")

        carry_out("email,user_code\nalice@e.example,E-2\nbob@e.example,E-1\n")

        alice.refresh_from_db()
        bob.refresh_from_db()
        assert (alice.code, bob.code) == ("E-2", "E-1")

    def test_lets_people_leave_as_the_console_does(self, alice):
        carry_out("email,name,is_active\nalice@e.example,Alice A.,no\n")

        alice.refresh_from_db()
        assert (alice.is_active, alice.presence, alice.name) == (
            False,
            Presence.OFFLINE,
            "Alice A.",
        )

    def test_takes_people_back(self, alice):
        directory.deactivate(alice, now=NOW)

        carry_out("email,is_active\nalice@e.example,yes\n")

        alice.refresh_from_db()
        assert (alice.is_active, alice.offer_due_at) == (True, LATER)

    @pytest.mark.parametrize(
        ("fault", "raised"), [(RuntimeError, RuntimeError), (IntegrityError, PlanChangedError)]
    )
    def test_leaves_nothing_behind_where_it_breaks_off(self, alice, teams, fault, raised):
        bob = User.objects.get(name="Bob")
        upload = plan(f"email,name,is_active\n{bob.email},Robert,no\nnew@e.example,New,\n")

        def break_off(user):
            raise fault

        with pytest.raises(raised):
            imports.apply(upload, editor=None, leave=break_off, now=LATER)

        assert set(User.objects.values_list("name", flat=True)) == {"Alice", "Bob"}
        upload.refresh_from_db()
        assert upload.status == ImportStatus.PLANNED

    def test_is_refused_as_a_whole_for_one_error(self, alice, teams):
        upload = plan(self.TEXT + "bob,Bob,,,,,,,,\n")

        assert upload.status == ImportStatus.REFUSED
        assert counts(upload) == (1, 1, 0, 1)
        with pytest.raises(ImportRefusedError, match=r"import\.has_errors"):
            imports.apply(upload, editor=None, leave=leave, now=LATER)
        assert not User.objects.filter(email="sato@e.example").exists()

    def test_is_not_applied_twice(self, alice, teams):
        upload = carry_out(self.TEXT)

        with pytest.raises(ImportRefusedError, match=r"import\.already_applied"):
            imports.apply(upload, editor=None, leave=leave, now=LATER)

    def test_leaves_the_owner_to_the_owner(self, ada):
        make_agent(email="olga@e.example", role=Role.OWNER)

        refused = plan("email,name\nolga@e.example,Mallory\n", by=ada)

        assert refused.rows.get().faults[0]["code"] == "above_you"

    def test_keeps_rows_and_lets_go_of_the_file(self, alice, teams):
        waiting = plan(self.TEXT, filename="people.csv")
        assert bytes(waiting.content) == self.TEXT.encode()

        applied = imports.apply(waiting, editor=None, leave=leave, now=LATER)

        applied.refresh_from_db()
        assert bytes(applied.content) == b""
        row = applied.rows.get(kind="changed")
        assert (row.line, row.key) == (3, "alice@e.example")
        assert {"column": "capacity", "before": "3", "after": ""} in row.changes


class TestAPlanThatIsOld:
    TEXT = "email,capacity\nalice@e.example,9\n"

    @pytest.fixture
    def alice(self):
        return make_agent(email="alice@e.example", capacity=3)

    def test_is_not_applied_to_another_directory(self, alice):
        upload = plan(self.TEXT)
        User.objects.filter(pk=alice.pk).update(capacity=4)

        with pytest.raises(PlanChangedError):
            imports.apply(upload, editor=None, leave=leave, now=LATER)

        alice.refresh_from_db()
        assert alice.capacity == 4

    def test_is_made_again(self, alice):
        upload = plan(self.TEXT)
        User.objects.filter(pk=alice.pk).update(capacity=9)

        upload = imports.plan_again(upload, editor=None, now=LATER)

        assert (counts(upload), upload.planned_at) == ((0, 0, 1, 0), LATER)
        assert upload.rows.count() == 1

    def test_is_not_applied_in_place_of_the_one_that_was_read(self, alice):
        upload = plan(self.TEXT)
        seen = upload.digest
        User.objects.filter(pk=alice.pk).update(capacity=4)
        upload = imports.plan_again(upload, editor=None, now=LATER)

        with pytest.raises(PlanChangedError):
            imports.apply(upload, editor=None, leave=leave, now=LATER, expected_digest=seen)

    def test_does_not_mind_what_it_does_not_touch(self, alice):
        upload = plan(self.TEXT)
        User.objects.filter(pk=alice.pk).update(load=2, presence=Presence.AWAY)

        assert (
            imports.apply(upload, editor=None, leave=leave, now=LATER).status
            == ImportStatus.APPLIED
        )


class TestAnImportOfTeams:
    def test_creates_and_changes(self):
        alice = make_agent(email="alice@e.example")
        make_team(code="support", members=(alice,))

        upload = carry_out(
            "team_code,name,description,assignment_rule,default_user\n"
            "support,,First line,default_user,alice@e.example\n"
            "sales,Sales,,queue,\n",
            subject=Subject.TEAMS,
        )

        support, sales = Team.objects.order_by("-code")
        assert (support.name, support.description) == ("Support", "First line")
        assert (support.strategy, support.default_user) == (Strategy.DEFAULT_USER, alice)
        assert (sales.name, sales.strategy) == ("Sales", Strategy.ROUND_ROBIN)
        assert counts(upload) == (1, 1, 0, 0)

    def test_knows_what_the_table_does_not_take(self):
        make_team(code="support", is_reassigning=True)

        upload = plan("team_code,strategy\nsupport,manual\n", subject=Subject.TEAMS)

        assert upload.rows.get().faults[0]["code"] == "nobody_to_reassign_to"


class TestAnExport:
    @pytest.fixture(autouse=True)
    def _house(self):
        alice = make_agent(
            name="=HYPERLINK(1)", code="+4479460123", capacity=0, phone="+81355501111"
        )
        sachi = make_supervisor(external_id="-1", language="ja")
        make_agent(name="Olga", role=Role.OWNER)
        make_agent(name="Gone", is_active=False)
        make_team(members=(alice, sachi), description='two\r\nlines, "quoted"')
        make_team(name="@Sales", members=(alice,), default_user=sachi, is_active=False)

    def test_of_people_changes_nothing(self):
        upload = plan(export_people(User.objects.all()))

        assert counts(upload) == (0, 0, 4, 0)

    def test_of_teams_changes_nothing(self):
        upload = plan(export_teams(Team.objects.all()), subject=Subject.TEAMS)

        assert counts(upload) == (0, 0, 2, 0)

    def test_has_no_formula(self):
        text = export_people(User.objects.all())

        assert "'=HYPERLINK(1)" in text
        assert "'+4479460123" in text

    def test_of_some_has_their_teams_alone(self):
        text = export_people(User.objects.filter(role=Role.SUPERVISOR))

        assert text.count("\n") == 2


class TestReplacingTeams:
    def test_marks_nobody_who_stays(self):
        alice = make_agent()
        team = make_team(members=(alice,))

        memberships.replace_teams({alice.pk: frozenset({team.pk})}, now=NOW)

        alice.refresh_from_db()
        assert alice.offer_due_at is None


class TestAFileThatCannotBeRead:
    def test_is_kept_as_refused_with_its_reason(self):
        upload = plan("email\n")

        assert (upload.status, upload.faults[0]["code"]) == ("refused", "no_rows")
        assert Import.objects.get() == upload


class TestThinning:
    PLAN = "email,name\n" + "".join(f"p{n}@e.example,P{n}\n" for n in range(5))
    OVER = LATER + timedelta(days=90)

    def test_leaves_the_counts_of_what_was_applied(self, ada, monkeypatch):
        monkeypatch.setattr(import_thinning, "BATCH", 2)
        upload = carry_out(self.PLAN, by=ada)
        assert not forget_next_rows(now=self.OVER - timedelta(seconds=1))
        left = []
        while forget_next_rows(now=self.OVER):
            left.append(upload.rows.count())
        upload.refresh_from_db()
        assert left == [3, 1, 0]
        assert counts(upload) == (5, 0, 0, 0)
        assert (upload.rows_removed_at, upload.applied_by) == (self.OVER, ada)

    def test_takes_what_was_refused_and_leaves_what_may_still_be_applied(self, ada):
        refused, waiting = plan("email,name\nnobody,X\n", by=ada), plan(self.PLAN, by=ada)
        assert forget_next_rows(now=self.OVER)
        assert not forget_next_rows(now=self.OVER)
        assert (refused.rows.count(), waiting.rows.count()) == (0, 5)
        assert imports.apply(waiting, editor=ada, leave=leave, now=self.OVER).new_count == 5

    def test_keeps_everything_at_0(self, ada, settings):
        settings.IMPORT_KEEP_DAYS = 0
        carry_out(self.PLAN, by=ada)
        assert not forget_next_rows(now=self.OVER + timedelta(days=999))
