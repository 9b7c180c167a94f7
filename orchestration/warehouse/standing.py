"""What a record changes that states again what is known of its loan and borrower, as daily books do of every loan.

It ties nothing new, so that nothing need be read again of what was said before: a snapshot is added and ends the one
before it, and the loan and its borrower take over what it states.
"""

from orchestration.warehouse.scratch import DATABASE, Scratch, sql_of
from orchestration.warehouse.transforms import Transform, load_transforms, steps_of

# The tables that such records change: by a SELECT of `transforms/standing` over what was, or by the table's own over
# those records and the ones that they follow, of which these rows are new.
_OWN = ("_loan_refs", "_loan_assignments", "loans", "customers")
_SAME = {
    "loan_snapshots": "",
    "payments": f"id NOT IN (SELECT id FROM {DATABASE}.was.payments)",
    "_recoveries": "",
    "_upload_row_outcomes": f"id IN (SELECT row_id FROM {DATABASE}.closure.standing)",
}
# What the latter read as it is; they find nothing in what such records say nothing of.
_AS_IT_IS = ("_call_facts",)


def note_candidates(scratch: Scratch) -> None:
    """Which records may be such, before it is told where ties lead; they lead nowhere from these."""
    scratch.con.execute(f"CREATE TABLE candidates AS {sql_of('standing', 'candidates')}")


def find(scratch: Scratch) -> bool:
    """Which records state again what is known, once it is told where ties lead; whether there are any."""
    with scratch.among("closure", "whole"):
        scratch.con.execute(f"CREATE TABLE standing AS {sql_of('standing', 'rows')}")
    if not scratch.rows_of("closure", "standing"):
        return False
    with scratch.among("standing"):
        for name in ("_row_customers", "_stg_loan_rows"):
            scratch.con.execute(f"CREATE TABLE {name} AS {sql_of('standing', name)}")
    return True


def make(scratch: Scratch, transform: Transform) -> int:
    """Make the rows of a table that such records change, where they do; how many. The touched ones are made already."""
    if transform.name in _OWN:
        with scratch.among("standing"):
            scratch.con.execute(f"CREATE TABLE {transform.name} AS {sql_of('standing', transform.name)}")
    elif transform.name in _SAME:
        _make_others(scratch, transform)
        with scratch.among("standing", "whole"):
            scratch.make(transform, _SAME[transform.name])
    else:
        return 0
    return scratch.rows_of("standing", transform.name)


def _make_others(scratch: Scratch, transform: Transform) -> None:
    """Make the tables that a SELECT finds nothing in."""
    with scratch.among("standing"):
        for name in _read_by(transform):
            if not load_transforms()[name].is_looked_up and name not in _AS_IT_IS:
                scratch.con.execute(f"CREATE TABLE IF NOT EXISTS {name} AS FROM {DATABASE}.touched.{name} WHERE false")


def _read_by(transform: Transform) -> set[str]:
    """The tables that a SELECT reads, also through its steps."""
    readers = [transform, *steps_of(transform.name)]
    return {name for reader in readers for name in reader.tables if not load_transforms()[name].is_step}
