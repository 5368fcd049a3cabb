"""Files that belong to imports: the template to fill in, and what was wrong."""

from teams.csv_cells import write_csv
from teams.csv_plan import LAYOUTS, Subject
from teams.import_sentences import sentence_of
from teams.models import Import

_EXAMPLES: dict[Subject, tuple[dict[str, str], ...]] = {
    Subject.TEAMS: (
        {
            "team_code": "support",
            "name": "Support",
            "description": "Questions about orders",
            "strategy": "round_robin",
            "is_active": "true",
            "is_reassigning": "true",
            "reassign_after_s": "900",
        },
        {"team_code": "sales", "name": "Sales", "strategy": "least_busy"},
    ),
    Subject.USERS: (
        {
            "email": "alice@example.com",
            "name": "Alice Lambert",
            "role": "agent",
            "user_code": "E-1042",
            "team_codes": "support|sales",
            "is_active": "true",
            "capacity": "5",
            "language": "fr",
            "time_zone": "Europe/Paris",
        },
        {"email": "bob@example.com", "name": "Bob Sato", "role": "supervisor"},
    ),
}


def template_of(subject: Subject) -> str:
    """Return a file with every column and two rows to be replaced."""
    header = LAYOUTS[subject].header
    rows = [[example.get(name, "") for name in header] for example in _EXAMPLES[subject]]
    return write_csv(header, rows)


def errors_of(upload: Import) -> str:
    """Return everything that is wrong with a file, one line each, in the reader's language."""
    faults = list(upload.faults)
    for found in upload.rows.filter(kind="error").values_list("faults", flat=True).iterator():
        faults += found
    rows = [
        [str(fault["line"] or ""), fault["column"], fault["code"], sentence_of(fault)]
        for fault in faults
    ]
    return write_csv(("line", "column", "code", "message"), rows)
