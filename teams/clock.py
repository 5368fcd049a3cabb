"""The one clock that all workers share: the database's."""

from datetime import UTC, datetime

from django.db import connection


def database_now() -> datetime:
    """Return the database's time, aware, in UTC. Leases and due claims are measured on it.

    Workers' own clocks differ; SQLite has no server, so there it is this machine's clock.
    """
    if connection.vendor != "postgresql":
        return datetime.now(tz=UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0].astimezone(UTC)
