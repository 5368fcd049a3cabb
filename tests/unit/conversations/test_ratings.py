"""Ratings in numbers."""

from conversations.ratings import summarise


class TestSummary:
    def test_counts_four_and_five_as_good(self):
        summary = summarise({5: 1, 4: 1, 3: 2}, asked=10)
        assert (summary.answered, summary.share, summary.mean) == (4, 0.5, 3.75)
        assert summary.counts == {1: 0, 2: 0, 3: 2, 4: 1, 5: 1}

    def test_has_no_share_and_no_mean_of_nothing(self):
        summary = summarise({}, asked=3)
        assert (summary.answered, summary.share, summary.mean) == (0, None, None)
