"""Connected components: two steps of SQL, repeated until no label changes."""

import duckdb

from orchestration.errors import LoancallsError
from orchestration.warehouse.transforms import identity_steps

_MOST_ROUNDS = 200


def name_components(con: duckdb.DuckDBPyConnection, labels: str, links: str) -> int:
    """Repeat the two steps of a round until no label changes: as many rounds as the log of the longest chain."""
    hook, jump = identity_steps()
    both = f"FROM {links} WHERE node IS NOT NULL AND other_node IS NOT NULL"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE edges AS SELECT node, other_node AS neighbour {both} "
        f"UNION SELECT other_node AS node, node AS neighbour {both}"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE labels AS SELECT * FROM {labels}")
    for rounds in range(1, _MOST_ROUNDS + 1):
        con.execute("CREATE OR REPLACE TEMP TABLE before AS SELECT * FROM labels")
        for step in (hook, jump):
            con.execute(f"CREATE OR REPLACE TEMP TABLE stepped AS {step}")
            con.execute("CREATE OR REPLACE TEMP TABLE labels AS SELECT * FROM stepped")
        changed = con.execute(
            "SELECT count(*) FROM labels JOIN before ON before.node = labels.node WHERE before.label <> labels.label"
        ).fetchall()[0][0]
        if not changed:
            con.execute(f"CREATE OR REPLACE TABLE {labels} AS SELECT node, label FROM labels")
            con.execute("DROP TABLE labels; DROP TABLE before; DROP TABLE stepped; DROP TABLE edges;")
            return rounds
    raise LoancallsError(f"{labels} did not converge in {_MOST_ROUNDS} rounds.")
