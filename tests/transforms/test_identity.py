"""Rules 0 to 4 against a small reference, on a thousand random worlds at once and on long chains.

The worlds have no phone, loan or id in common, so that one run of the SQL decides them all.
"""

import random
import uuid
from collections import defaultdict
from collections.abc import Hashable, Iterable

import polars as pl
import pytest
from support import World

from orchestration.warehouse.build import open_warehouse
from orchestration.warehouse.transforms import load_transforms

STEPS = ["_repeated_loans", "_identity_stated_groups", "_identity_stated", "_identity_phone_groups", "_row_customers"]
# (order, loan, phone, national id, entity id); None where the row states none
Row = tuple[int, str, str | None, str | None, str | None]


def components(links: Iterable[tuple[Hashable, Hashable]]) -> dict[Hashable, Hashable]:
    """The representative of every node."""
    parent: dict[Hashable, Hashable] = {}

    def find(node: Hashable) -> Hashable:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for left, right in links:
        parent[find(left)] = find(right)
    return {node: find(node) for node in parent}


def reference(rows: list[Row]) -> dict[int, Hashable]:
    """The customer of each row, as anything that is equal for rows of one customer."""
    ids = [[(name, value) for name, value in (("nid", row[3]), ("entity", row[4])) if value] for row in rows]
    stated = components((own[0], own[-1]) for own in ids if own)
    group = {row[0]: stated[own[0]] if own else None for row, own in zip(rows, ids, strict=True)}
    of_loan = defaultdict(set)
    for row in rows:
        of_loan[row[1]] |= {group[row[0]]} - {None}
    group = {
        row[0]: group[row[0]] or (next(iter(of_loan[row[1]])) if len(of_loan[row[1]]) == 1 else None) for row in rows
    }
    rest = [row for row in rows if group[row[0]] is None]
    chained = components((("loan", row[1]), ("phone", row[2]) if row[2] else ("loan", row[1])) for row in rest)
    known, phones = defaultdict(set), defaultdict(set)
    for row in rows:
        if row[2] and group[row[0]] is not None:
            known[row[2]].add(group[row[0]])
    for row in rest:
        phones[chained["loan", row[1]]] |= {row[2]} - {None}
    joined = {own: set().union(*(known[phone] for phone in phones[own])) for own in phones}
    for row in rest:
        own = chained["loan", row[1]]
        group[row[0]] = next(iter(joined[own])) if len(joined[own]) == 1 else ("group", own)
    return group


def decide(world: World, rows: list[Row]) -> dict[int, uuid.UUID]:
    """The customer of each row as the SQL decides it."""
    world.build()
    with open_warehouse(world.home, world.settings) as warehouse:
        warehouse.con.execute("DELETE FROM _identity_rows")
        warehouse.con.execute(
            "INSERT INTO _stg_uploads (upload_id, sha256, uploaded_at) VALUES (uuid(), 'a', '2026-03-01')"
        )
        names = ("line_number", "loan_id", "phone", "national_id", "entity")
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        warehouse.con.register("given", pl.DataFrame(columns, schema_overrides={"line_number": pl.Int64}))
        warehouse.con.execute(
            "INSERT INTO _identity_rows (row_id, upload_id, line_number, loan_id, phone, national_id, entity_id) "
            "SELECT md5('row' || line_number)::UUID, upload_id, line_number, loan_id, phone, national_id, "
            "md5(entity)::UUID FROM given CROSS JOIN _stg_uploads"
        )
        for step in STEPS:
            warehouse.build(load_transforms()[step])
    found = dict(world.rows("SELECT line_number, customer_id FROM _row_customers"))
    # A customer's id comes of its first row, whatever that is.
    firsts = {}
    for order in sorted(found):
        firsts.setdefault(found[order], order)
    for order, first in world.rows(
        "SELECT rows.line_number, firsts.line_number FROM _row_customers AS rows "
        "JOIN _row_customers AS firsts ON firsts.row_id = rows.first_row_id"
    ):
        assert firsts[found[order]] == first
    return found


def partition(customers: dict[int, Hashable]) -> set[frozenset[int]]:
    groups = defaultdict(set)
    for order, customer in customers.items():
        groups[customer].add(order)
    return {frozenset(group) for group in groups.values()}


def test_random_worlds_agree_with_the_reference(world: World) -> None:
    dice, rows, order = random.Random(7), [], 0
    for number in range(1000):
        for _ in range(dice.randint(1, 14)):
            order += 1
            mark = f"w{number}-"
            rows.append(
                (
                    order,
                    mark + dice.choice("abcde"),
                    dice.choice([None, mark + dice.choice("12345")]),
                    dice.choice([None, None, mark + dice.choice("XYZ")]),
                    dice.choice([None, None, None, mark + dice.choice("PQ")]),
                )
            )
    dice.shuffle(rows)
    expected, found = partition(reference(rows)), partition(decide(world, rows))
    assert found == expected
    assert len(expected) > 1500, "the worlds are worth deciding"


@pytest.mark.parametrize("shuffled", [False, True], ids=["in order", "shuffled"])
def test_chains_are_followed_to_the_end(world: World, shuffled: bool) -> None:
    """A chain of 20,000 changed numbers, and one of national ids and entity ids, are one customer each."""
    steps = list(range(10_000))
    if shuffled:
        random.Random(3).shuffle(steps)
    rows: list[Row] = []
    for step in steps:
        rows.append((len(rows) + 1, f"L{step}", f"p{step}", None, None))
        rows.append((len(rows) + 1, f"L{step}", f"p{step + 1}", None, None))
    for step in steps[:3000]:
        rows.append((len(rows) + 1, f"S{step}", None, f"n{step}", f"e{step}"))
        rows.append((len(rows) + 1, f"S{step}", None, f"n{step}", f"e{step + 1}"))
    assert partition(decide(world, rows)) == partition(reference(rows))


def test_a_changed_phone_is_followed_as_far_as_it_goes(world):
    """Loan i is stated with phone i and later with phone i + 1: one customer, however long the chain."""
    links, phones = 2000, [f"98{number:08}" for number in range(2001)]
    random.Random(1).shuffle(phones)
    for day, shift in ((1, 0), (2, 1)):
        rows = [{"loan_id": f"L{link}", "phone": phones[link + shift]} for link in range(links)]
        random.Random(day).shuffle(rows)
        world.put(f"day{day}.csv", rows, at=f"2026-03-0{day} 04:00")
    world.load()
    assert world.value("SELECT count(*) FROM customers") == 1
    assert world.value("SELECT count(*) FROM loans") == links
    assert world.value("SELECT count(*) FROM upload_rows WHERE match_customer_id IS NULL") == 0
    methods = dict(world.rows("SELECT match_method, count(*) FROM upload_rows GROUP BY ALL"))
    assert methods == {"created": 1, "linked": links - 1, "phone": links - 1, "loan_id": 1}


def test_the_ends_of_a_chain_decide_whose_it_is(world):
    """A chain joins the one national id known for its phones, and none of two; a contact's phone cuts it."""

    def chains(shift: int, links: int = 100) -> list[dict]:
        return [
            {"loan_id": f"{series}-{link}", "phone": f"{series}{link + shift:08}", "pan": None}
            for series in (96, 97, 98)
            for link in range(links)
        ]

    ends = [
        {"loan_id": "A", "phone": "9600000000", "pan": "ABCPX1234F", "branch_contact": None},
        {"loan_id": "B", "phone": "9700000100", "pan": "ZZZPX9999Z", "branch_contact": None},
        {"loan_id": "C", "phone": "9700000000", "pan": "YYYPX9999Z", "branch_contact": None},
        {"loan_id": "D", "phone": "9900000000", "pan": None, "branch_contact": "9800000050"},
    ]
    world.put("ends.csv", ends, at="2026-03-01 04:00")
    world.put("before.csv", chains(0), at="2026-03-02 04:00")
    world.put("after.csv", chains(1), at="2026-03-03 04:00")
    world.load()
    told = world.rows(
        "SELECT c.national_id, c.primary_phone, count(*), min(l.loan_id), max(l.loan_id) "
        "FROM customers AS c JOIN loans AS l ON l.customer_id = c.id "
        "GROUP BY c.id, c.national_id, c.primary_phone ORDER BY min(l.loan_id)"
    )
    assert told == [
        ("ABCPX1234F", "+919600000100", 101, "96-0", "A"),
        (None, "+919700000100", 100, "97-0", "97-99"),
        (None, "+919800000049", 50, "98-0", "98-9"),
        (None, "+919800000100", 50, "98-50", "98-99"),
        ("ZZZPX9999Z", "+919700000100", 1, "B", "B"),
        ("YYYPX9999Z", "+919700000000", 1, "C", "C"),
        (None, "+919900000000", 1, "D", "D"),
    ]
