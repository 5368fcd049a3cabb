"""What an import would do: every row is new, changed, the same, or an error that says where."""

import pytest
from django.core.validators import validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from teams import csv_columns, csv_rules, models
from teams.csv_cells import defuse, restore, write_csv
from teams.csv_columns import ROLE_NAMES, Directory
from teams.csv_encodings import detect
from teams.csv_plan import LAYOUTS, RowKind, Subject, plan_import, show_row
from teams.models import ImportSubject, Role, Strategy
from teams.models.team import MINUTE_S, WEEK_S

ALICE = {
    "name": "Alice",
    "role": 1,
    "user_code": "E-1",
    "external_id": None,
    "team_codes": frozenset({"support"}),
    "is_active": True,
    "is_receiving": True,
    "capacity": 5,
    "phone": "",
    "language": "",
    "time_zone": "UTC",
}
BOB = ALICE | {"name": "Bob", "user_code": "E-2", "role": 3}
OLGA = ALICE | {"name": "Olga", "user_code": None, "role": 5}
SUPPORT = {
    "name": "Support",
    "description": "",
    "strategy": "round_robin",
    "default_user": None,
    "is_active": True,
    "is_reassigning": False,
    "reassign_after_s": 900,
}
PEOPLE = Directory(
    rows={"alice@e.example": ALICE, "bob@e.example": BOB, "olga@e.example": OLGA},
    loads={"bob@e.example": 3},
    team_codes=frozenset({"support", "sales", "cs"}),
    languages=frozenset({"en", "ja", "fr", "zh-hans"}),
    time_zones=frozenset({"UTC", "Asia/Tokyo"}),
    editor_role=4,
    editor_key="ada@e.example",
)
TEAMS = Directory(
    rows={"support": SUPPORT},
    people=frozenset({"alice@e.example"}),
    strategies=frozenset({"manual", "round_robin", "least_busy", "default_user", "shift"}),
)


def plan_people(text, directory=PEOPLE, **options):
    raw = text if isinstance(text, bytes) else text.encode()
    return plan_import(raw, subject=Subject.USERS, directory=directory, **options)


def plan_teams(text, directory=TEAMS):
    return plan_import(text.encode(), subject=Subject.TEAMS, directory=directory)


def kinds(plan):
    return [row.kind.value for row in plan.rows]


def changes(row):
    return {one.column: (one.before, one.after) for one in row.changes}


def faults(plan):
    """Return `(code, line, column)` of everything that is wrong."""
    every = [*plan.faults, *(fault for row in plan.rows for fault in row.faults)]
    return [(fault.code, fault.line, fault.column) for fault in every]


class TestAPlan:
    def test_tells_new_changed_and_same_apart(self):
        plan = plan_people(
            "email,name,capacity\nalice@e.example,Alice,5\nbob@e.example,Bob,9\nc@e.example,Chen,\n"
        )

        assert kinds(plan) == ["same", "changed", "new"]
        assert changes(plan.rows[1]) == {"capacity": ("5", "9")}
        assert changes(plan.rows[2]) == {"name": ("", "Chen")}
        assert plan.is_clean

    def test_finds_people_whatever_the_capitals(self):
        assert kinds(plan_people("email\n ALICE@E.example \n")) == ["same"]

    def test_leaves_alone_what_is_blank_or_has_no_column(self):
        plan = plan_people("email,user_code,capacity\nalice@e.example,,\n")

        assert kinds(plan) == ["same"]

    def test_clears_what_may_be_empty(self):
        plan = plan_people("email,user_code,capacity,team_codes\nalice@e.example,-,-,-\n")

        assert changes(plan.rows[0]) == {
            "user_code": ("E-1", ""),
            "capacity": ("5", ""),
            "team_codes": ("support", ""),
        }

    def test_replaces_memberships(self):
        plan = plan_people("email,team_codes\nalice@e.example,sales | cs\n")

        assert changes(plan.rows[0]) == {"team_codes": ("support", "cs|sales")}

    def test_does_not_mind_the_order_of_teams(self):
        directory = Directory(
            rows={"alice@e.example": ALICE | {"team_codes": frozenset({"cs", "sales"})}},
            team_codes=frozenset({"cs", "sales"}),
        )

        assert kinds(plan_people("email,team_codes\nalice@e.example,sales|cs\n", directory)) == [
            "same"
        ]

    @pytest.mark.parametrize("word", ["2", "senior_agent", "Senior agent", "primary-agent"])
    def test_takes_roles_by_number_and_by_name(self, word):
        plan = plan_people(f"email,role\nalice@e.example,{word}\n")

        assert changes(plan.rows[0]) == {"role": ("agent", "senior_agent")}

    @pytest.mark.parametrize(
        ("word", "strategy"),
        [("queue", "round_robin"), ("manual", "manual"), ("Shift", "shift"), ("Least busy", None)],
    )
    def test_takes_the_words_of_the_seed_for_strategies(self, word, strategy):
        plan = plan_teams(f"team_code,name,assignment_rule\nnew,New,{word}\n")

        assert plan.rows[0].value("strategy") == (strategy or "least_busy")

    def test_lets_two_people_swap_their_codes(self):
        plan = plan_people("email,user_code\nalice@e.example,E-2\nbob@e.example,E-1\n")

        assert kinds(plan) == ["changed", "changed"]

    def test_lets_a_code_move_on_when_its_owner_gives_it_up(self):
        plan = plan_people("email,user_code\nalice@e.example,-\nbob@e.example,E-1\n")

        assert plan.is_clean

    def test_changes_its_digest_when_the_directory_does(self):
        text = "email,capacity\nalice@e.example,9\n"
        busier = Directory(rows={"alice@e.example": ALICE | {"capacity": 6}})

        assert plan_people(text).digest == plan_people(text).digest
        assert plan_people(text).digest != plan_people(text, busier).digest


class TestAnError:
    @pytest.mark.parametrize(
        ("header", "row", "code", "column"),
        [
            ("email,role", "alice@e.example,superuser", "unknown_role", "role"),
            ("email,role", "alice@e.example,9", "unknown_role", "role"),
            ("email,role", "alice@e.example,5", "one_owner", "role"),
            ("email,role", "olga@e.example,4", "owner_keeps_role", "role"),
            ("email,is_active", "olga@e.example,false", "owner_stays", "is_active"),
            ("email,name", "olga@e.example,Mallory", "above_you", ""),
            ("email,is_active", "bob@e.example,no", "has_open_work", "is_active"),
            ("email,capacity", "alice@e.example,1e3", "invalid_number", "capacity"),
            ("email,capacity", "alice@e.example,-1", "invalid_number", "capacity"),
            ("email,capacity", "alice@e.example,٣", "invalid_number", "capacity"),
            ("email,capacity", "alice@e.example,9999999999", "out_of_range", "capacity"),
            ("email,phone", "alice@e.example,03-5550-1111", "invalid_phone", "phone"),
            ("email,phone", "alice@e.example,+８１３", "invalid_phone", "phone"),
            ("email,time_zone", "alice@e.example,Mars/Base", "unknown_time_zone", "time_zone"),
            ("email,language", "alice@e.example,tlh", "unknown_language", "language"),
            ("email,team_codes", "alice@e.example,support|cs2", "unknown_team", "team_codes"),
            ("email,is_active", "alice@e.example,maybe", "invalid_flag", "is_active"),
            ("email,name", "alice@e.example,-", "cannot_be_cleared", "name"),
            ("email,name", "alice@e.example," + "x" * 121, "too_long", "name"),
            ("email,name", "alice@e.example,a\x07b", "invalid_characters", "name"),
            ("email,user_code", "alice@e.example,E-2", "taken", "user_code"),
            ("email,name", "nobody,Nobody", "invalid_email", "email"),
            ("email,name", ",Nobody", "required", "email"),
            ("email,name", "new@e.example,", "required", "name"),
            ("email,name", "alice@e.example,Alice,more", "long_row", ""),
        ],
    )
    def test_names_the_line_and_the_cell(self, header, row, code, column):
        plan = plan_people(f"{header}\n\n{row}\n")

        assert faults(plan) == [(code, 3, column)]
        assert not plan.is_clean

    def test_keeps_one_from_changing_ones_own_role_and_from_leaving(self):
        me = Directory(
            rows={"ada@e.example": ALICE | {"role": 4}}, editor_role=4, editor_key="ada@e.example"
        )

        plan = plan_people("email,role,is_active\nada@e.example,1,no\n", me)

        assert faults(plan) == [("oneself", 2, "role"), ("oneself", 2, "is_active")]

    def test_suggests_what_was_meant(self):
        plan = plan_people("email,team_codes\nalice@e.example,cs2\n")

        assert plan.rows[0].faults[0].facts == {"value": "cs2", "near": "cs"}

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("new@e.example", "NEW@e.example"),
            ("new@e.example", "ｎｅｗ@e.example"),
            ("alice@e.example", "Alice@E.Example"),
        ],
    )
    def test_names_both_lines_of_a_repeated_row(self, first, second):
        plan = plan_people(f"email,name\n{first},X\n{second},X\n")

        assert faults(plan) == [("repeated_row", 2, "email"), ("repeated_row", 3, "email")]
        assert [row.faults[0].facts["line"] for row in plan.rows] == [3, 2]

    def test_names_both_lines_of_a_repeated_code(self):
        plan = plan_people("email,name,code\nx@e.example,X,E-9\ny@e.example,Y,E-9\n")

        assert faults(plan) == [
            ("repeated_value", 2, "user_code"),
            ("repeated_value", 3, "user_code"),
        ]

    @pytest.mark.parametrize(
        ("row", "code", "column"),
        [
            ("Support,Twin", "differs_by_case", "team_code"),
            ("SA LES,Sales", "invalid_code", "team_code"),
            ("x" * 65 + ",Sales", "too_long", "team_code"),
        ],
    )
    def test_keeps_codes_of_teams_apart(self, row, code, column):
        assert faults(plan_teams(f"team_code,name\n{row}\n")) == [(code, 2, column)]

    @pytest.mark.parametrize(
        ("cells", "code", "column"),
        [
            ("default_user,", "default_user_missing", "default_user"),
            ("default_user,bob@e.example", "unknown_person", "default_user"),
            ("dice,", "unknown_strategy", "strategy"),
        ],
    )
    def test_keeps_strategies_usable(self, cells, code, column):
        plan = plan_teams(f"team_code,strategy,default_user\nsupport,{cells}\n")

        assert faults(plan) == [(code, 2, column)]


class TestAFile:
    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("", ("empty_file", 0, "")),
            (" \r\n\n", ("empty_file", 0, "")),
            ("email,name\n", ("no_rows", 0, "")),
            ("name\nAlice\n", ("missing_column", 1, "email")),
            ("email,nmae\nx,y\n", ("unknown_column", 1, "nmae")),
            ("email,teams,team_codes\nx,y,z\n", ("repeated_column", 1, "team_codes")),
            ('email,name\na@e.example,"A\nb@e.example,B\n', ("bad_quote", 2, "")),
            ("email,name\na@e.example," + "x" * 200_000 + "\n", ("cell_too_long", 2, "")),
            ("email,name\na@e.example,A\x00\n", ("not_text", 2, "")),
            ("PK\x03\x04email", ("not_text", 1, "")),
        ],
    )
    def test_that_cannot_be_used_is_refused_as_a_whole(self, text, fault):
        plan = plan_people(text)

        assert (faults(plan), plan.rows, plan.is_clean) == ([fault], (), False)

    def test_has_at_most_ten_thousand_rows(self):
        rows = "".join(f"p{number}@e.example,P\n" for number in range(10_001))

        assert plan_people("email,name\n" + rows[: rows.rindex("p10000")]).counts["new"] == 10_000
        assert faults(plan_people("email,name\n" + rows)) == [("too_many_rows", 10_002, "")]

    @pytest.mark.parametrize("damage", ["\x00", "\ud800"])
    def test_with_what_no_database_takes_is_refused(self, damage):
        raw = f"email,name\nc@e.example,a{damage}\n".encode("utf-16", errors="surrogatepass")

        assert faults(plan_people(raw))[0][0] in ("not_text", "unknown_encoding", "wrong_encoding")

    def test_with_very_many_columns_is_refused_in_few_words(self):
        header = ",".join(f"column{number}" for number in range(100_000))

        assert len(plan_people(f"email,{header}\nx\n").faults) == 20

    def test_has_at_most_five_megabytes(self):
        assert faults(plan_people(b"email\n" + b" " * 5 * 1024 * 1024)) == [
            ("file_too_large", 0, "")
        ]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_is_read_however_its_lines_and_cells_end(self, end, delimiter):
        rows = [["E-mail", "Name"], ["c@e.example", "Chen, the new one" * (delimiter != ",")]]
        rows[1][1] = rows[1][1] or "Chen"
        plan = plan_people(end.join(delimiter.join(row) for row in rows) + end)

        assert (kinds(plan), plan.delimiter) == (["new"], delimiter)

    def test_is_counted_by_its_own_lines(self):
        text = 'email,name\n\n"a@e.example","A\nA"\n  \n,,\nnobody,N\n'

        assert [(row.line, row.kind) for row in plan_people(text).rows] == [
            (3, RowKind.ERROR),
            (7, RowKind.ERROR),
        ]

    def test_may_end_its_rows_early(self):
        assert kinds(plan_people("email,name,capacity\nc@e.example,Chen\n,,\n")) == ["new"]


class TestAnEncoding:
    @pytest.mark.parametrize(
        ("name", "codec", "taken"),
        [
            ("佐藤 美咲", "utf-8", "utf-8"),
            ("佐藤 美咲", "utf-8-sig", "utf-8-sig"),
            ("佐藤 美咲", "utf-16", "utf-16"),
            ("佐藤 美咲", "cp932", "cp932"),
            ("髙橋 さくら", "cp932", "cp932"),
            ("王伟 李娜", "gb18030", "gb18030"),
            ("技术支持", "gb18030", "gb18030"),
        ],
    )
    def test_is_found_and_named(self, name, codec, taken):
        plan = plan_people(f"email,name\nc@e.example,{name}\n".encode(codec))

        assert plan.encoding == taken
        assert plan.rows[0].value("name") == name

    @pytest.mark.parametrize(
        ("name", "codec"),
        [
            ("Größe Müller", "latin-1"),
            ("Renée Lefèvre", "latin-1"),
            ("CONCEIÇÃO", "latin-1"),
            ("Иванов Иван", "cp1251"),
            ("ｻﾄｳ ﾐｻｷ", "cp932"),
        ],
    )
    def test_is_not_guessed(self, name, codec):
        plan = plan_people(f"email,name\nc@e.example,{name}\n".encode(codec))

        assert faults(plan) == [("unknown_encoding", 2, "")]

    def test_that_is_chosen_is_taken(self):
        raw = "email,name\nc@e.example,ｻﾄｳ ﾐｻｷ\n".encode("cp932")

        assert plan_people(raw, encoding="cp932").rows[0].value("name") == "ｻﾄｳ ﾐｻｷ"
        assert faults(plan_people(raw, encoding="utf-8")) == [("wrong_encoding", 2, "")]

    @given(st.text(st.characters(codec="cp932", min_codepoint=0x3041, max_codepoint=0x30F6)))
    def test_of_kana_is_never_taken_for_chinese(self, text):
        assert detect(f"name,{text}".encode("cp932")) in ("cp932", "utf-8", None)


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
EMAILS = st.from_regex(r"\A[a-z=+'-]{1,8}(\.[a-z]{1,4})?@[a-z]{1,8}\.example\Z")
CODES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,8}\Z")
VALUES = st.fixed_dictionaries(
    {
        "name": ANY_TEXT,
        "role": st.integers(1, 5),
        "user_code": st.none() | ANY_TEXT,
        "external_id": st.none() | ANY_TEXT,
        "team_codes": st.frozensets(CODES, max_size=3),
        "is_active": st.booleans(),
        "is_receiving": st.booleans(),
        "capacity": st.none() | st.integers(0, 2**31 - 1),
        "phone": st.sampled_from(["", "+81355501111"]),
        "language": st.sampled_from(["", "ja"]),
        "time_zone": st.sampled_from(["UTC", "Asia/Tokyo"]),
    }
)
TEAM_VALUES = st.fixed_dictionaries(
    {
        "name": ANY_TEXT,
        "description": ANY_TEXT,
        "strategy": st.sampled_from(["manual", "shift", "gone"]),
        "default_user": st.none() | EMAILS,
        "is_active": st.booleans(),
        "is_reassigning": st.booleans(),
        "reassign_after_s": st.integers(60, 604_800),
    }
)


class TestAnExport:
    @given(st.dictionaries(EMAILS, VALUES, min_size=1, max_size=5))
    @example({"alice@e.example": {**ALICE, "name": " -"}})  # "-" alone clears a cell
    def test_of_people_changes_nothing(self, rows):
        self.check(rows, subject=Subject.USERS)

    @given(st.dictionaries(CODES, TEAM_VALUES, min_size=1, max_size=5))
    def test_of_teams_changes_nothing(self, rows):
        self.check(rows, subject=Subject.TEAMS)

    def check(self, rows, *, subject):
        shown = [show_row(key, values, subject=subject) for key, values in rows.items()]
        text = write_csv(LAYOUTS[subject].header, shown)
        plan = plan_import(
            text.encode(), subject=subject, directory=Directory(rows=rows), encoding="utf-8"
        )
        if "\x00" in text:
            assert not plan.is_clean
        else:
            assert kinds(plan) == ["same"] * len(rows)


class TestACell:
    @given(st.text())
    def test_comes_back_as_it_was(self, text):
        assert restore(defuse(text)) == text

    @given(st.text())
    def test_is_nobodys_formula(self, text):
        assert not defuse(text).startswith(tuple("=+-@\t\r\n＝＋－＠"))

    @pytest.mark.parametrize(
        ("text", "cell"),
        [
            ("=1+1", "'=1+1"),
            ("+4479460123", "'+4479460123"),
            ("-", "'-"),
            ("'=1+1", "''=1+1"),
            ("'s-Hertogenbosch", "'s-Hertogenbosch"),
            ("O'Brien", "O'Brien"),
            ("", ""),
        ],
    )
    def test_is_defused_only_where_it_must_be(self, text, cell):
        assert (defuse(text), restore(cell)) == (cell, text)

    def test_that_nobody_defused_stays_as_it_was_typed(self):
        assert restore("+4479460123") == "+4479460123"


class TestAnyFile:
    @settings(max_examples=300)
    @given(st.binary(), st.sampled_from(["", "utf-8", "cp932", "gb18030"]))
    def test_has_a_plan(self, raw, encoding):
        plan = plan_people(raw, encoding=encoding)

        assert plan.rows or plan.faults
        assert plan.digest

    @settings(max_examples=300)
    @given(
        st.lists(st.lists(ANY_TEXT | EMAILS, min_size=1, max_size=4), max_size=8),
        st.sampled_from(["utf-8", "utf-16", "gb18030"]),
    )
    def test_of_rows_has_a_plan_that_says_why_not(self, rows, codec):
        text = write_csv(["email", "name", "user_code"], rows)
        plan = plan_people(text.encode(codec))

        for row in plan.rows:
            assert (row.kind == RowKind.ERROR) == bool(row.faults)


class TestTheWordsOfAFile:
    """Pure code cannot read them off the models; nobody may change one place alone."""

    def test_are_those_of_the_tables(self):
        assert {*Role.values} == {*ROLE_NAMES}
        assert {*models.RowKind.values} == {*RowKind}
        assert {*ImportSubject.values} == {*Subject}
        assert {*Strategy.values} >= csv_rules.REASSIGNING | {csv_rules.CIRCLE}
        assert (csv_columns.MINUTE_S, csv_columns.WEEK_S) == (MINUTE_S, WEEK_S)

    def test_of_an_e_mail_are_taken_by_the_table_too(self):
        for email in ("o'brien+cs@mail.e.example", "a.b@e-1.example"):
            assert csv_columns.read_email(email) == email
            validate_email(email)

    @given(st.from_regex(r"\A[ -~]{1,12}@[ -~]{1,12}\Z"))
    def test_of_any_e_mail_are_taken_by_the_table_too(self, text):
        try:
            email = csv_columns.read_email(text)
        except csv_columns.CellError:
            return
        validate_email(email)
