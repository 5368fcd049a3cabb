"""`manage.py import_users FILE [--apply]`: people from a CSV file."""

from routing.management.commands._importing import ImportCommand
from teams.csv_plan import Subject


class Command(ImportCommand):
    help = "Create and change people from a CSV file. Shows the plan; --apply carries it out."
    subject = Subject.USERS
