"""What titles above records state."""

import pytest

from models.headers import titled

TITLES = {
    "Branch: Gadag": ("branch", "Gadag"),
    " BRANCH NAME : Gadag (012) ": ("branch", "Gadag (012)"),
    "Branch - Gadag": ("branch", "Gadag"),
    "Branch:- Gadag": ("branch", "Gadag"),
    "Branch=Gadag": ("branch", "Gadag"),
    "Cluster: North-East": ("cluster", "North-East"),
    "Employee Name: Ravi: field": ("employee_name", "Ravi: field"),
    "Emp ID: E-12": ("employee_id", "E-12"),
}


@pytest.mark.parametrize("text", TITLES)
def test_titles_state_a_field(text: str) -> None:
    assert titled(text) == TITLES[text]


@pytest.mark.parametrize(
    "text",
    ["", "Branch", "Branch:", "Branch: ", "Branch: All", "Branch: all branches", "Gadag", "Note: call after six",
     "Loan ID: L1", "Branch-wise list", ":", ": Gadag", "x" * 5_000, "Branch" + " " * 5_000 + ":"],
)  # fmt: skip
def test_other_texts_state_nothing(text: str) -> None:
    assert titled(text) is None
