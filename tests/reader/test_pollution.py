"""The reader on files that each break RFC 4180 in one way: no family of them may be read worse than it was."""

from statistics import mean

import pytest

from benchmarks.pollution import Case, families, measure, read_ours, score

FAMILIES = families()
# Of the families of hundreds, the files whose header is changed are read and every 7th of the others, which reaches
# every column.
MANY, STEP = 100, 7

# What the families scored that did not score 10, rounded down.
FLOORS = {
    "file_field_delimiter_space_bare": 7.92,
    "row_more_sep": 9.99,
    "row_less_sep": 9.97,
    "row_field_delimiter_space": 9.96,
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> dict[str, float]:
    """The mean score of each family's files, that of the families of hundreds as their sample has it."""
    folder = tmp_path_factory.mktemp("polluted")

    def scores(cases: list[Case]) -> list[float]:
        return [measure(case, folder / f"{case.name}.csv", read_ours) for case in cases]

    found = {}
    for family, cases in FAMILIES.items():
        # The files whose header is changed come first.
        headers = [case for case in cases if len(cases) <= MANY or "_row0_" in case.name]
        others = cases[len(headers) :]
        rest = mean(scores(others[::STEP])) * len(others) if others else 0
        found[family] = (sum(scores(headers)) + rest) / len(cases)
    return found


def test_there_are_thousands_of_files_with_names_of_their_own():
    names = [case.name for cases in FAMILIES.values() for case in cases]
    assert len(names) == len(set(names)) > 2_300
    sizes = {family: len(cases) for family, cases in FAMILIES.items() if len(cases) > MANY}
    assert sizes == {"row_more_sep": 756, "row_less_sep": 672, "row_extra_quote": 756}


def test_the_files_are_the_same_every_time():
    assert families() == FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_read_as_well_as_it_was(measured, family):
    assert measured[family] >= FLOORS.get(family, 10.0)


def test_all_files_together(measured):
    files = {family: len(cases) for family, cases in FAMILIES.items()}
    overall = sum(measured[family] * number for family, number in files.items()) / sum(files.values())
    assert overall >= 9.98


CASE = Case("by hand", b"", ["a", "b"], [["1", "2"], ["3", "4"]])


def test_a_file_read_right_scores_ten():
    assert score(CASE, ["a", "b"], [["1", "2"], ["3", "4"]]) == 10


def test_one_wrong_record_costs_what_it_should():
    # 1 for reading it, 3 for the header, 1/2 three times for the records. Six cells expected, five read, four right.
    right = 1 + 3 + 3 / 2 + 4 / 5 + 4 / 6 + 8 / 11
    assert score(CASE, ["a", "b"], [["1", "2"], ["5"]]) == pytest.approx(right)


def test_what_is_not_expected_costs_nothing_and_what_is_not_found_costs_all():
    nothing = Case("nothing", b"", [], [])
    assert score(nothing, [], []) == 10
    assert score(CASE, [], []) == 1
