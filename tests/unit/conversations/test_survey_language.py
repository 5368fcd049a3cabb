"""In which of our languages a customer is asked for a rating."""

import pytest

from conversations.services.survey_words import _spoken


@pytest.mark.parametrize(
    ("language", "spoken"),
    [
        ("ja", "ja"),
        ("fr-CA", "fr"),
        ("zh-CN", "zh-hans"),
        ("zh", "zh-hans"),
        ("de", "en"),
        ("", "en"),
        ("../x", "en"),
    ],
)
def test_comes_closest_to_the_contacts(language, spoken):
    assert _spoken(language) == spoken
