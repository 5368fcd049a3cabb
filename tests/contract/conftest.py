"""The house of the access tests, as it was again for each operation."""

from tests.integration.access.conftest import _django_db_helper, _nobody_was_counted, house

__all__ = ["_django_db_helper", "_nobody_was_counted", "house"]
