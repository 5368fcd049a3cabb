"""`manage.py import_teams FILE [--apply]`: teams from a CSV file."""

from routing.management.commands._importing import ImportCommand
from teams.csv_plan import Subject


class Command(ImportCommand):
    help = "Create and change teams from a CSV file. Shows the plan; --apply carries it out."
    subject = Subject.TEAMS
