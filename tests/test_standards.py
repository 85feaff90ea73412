"""The README says what the tables say."""

from tests.standards import README, replaced


def test_the_readme_lists_what_is_in_the_tables() -> None:
    """After a change of the tables: scripts/standards."""
    readme = README.read_text()
    assert readme == replaced(readme)
