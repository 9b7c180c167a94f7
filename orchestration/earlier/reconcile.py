"""What became of every row of an imported database: in the warehouse, merged into another, or refused and why."""

from dataclasses import dataclass

from models.fields import CALL, CUSTOMER, FILE_UPLOAD, LOAN, STATUS, UPLOAD_ROW
from orchestration.earlier.generations import LOANS_OF_CUSTOMERS
from orchestration.earlier.import_database import Imported
from orchestration.settings import Settings
from orchestration.store.connection import connect
from orchestration.store.home import Home

# Where a record of each kind is to be found under its own id.
_TABLES = {
    **{CUSTOMER: "customers", LOAN: "loans", CALL: "call_sessions", STATUS: "call_status_updates"},
    **{FILE_UPLOAD: "file_uploads", UPLOAD_ROW: "upload_rows"},
}
# What a record that is not there may have gone into: a customer, loan or call that is there under another id. A status
# that two records state of one call at one time is one.
_MERGED = {
    CUSTOMER: "outcomes.match_customer_id IN (SELECT id FROM customers)",
    LOAN: "outcomes.match_loan_id IN (SELECT id FROM loans)",
    CALL: "outcomes.match_call_session_id IN (SELECT id FROM call_sessions)",
    STATUS: "outcomes.match_call_session_id IN (SELECT id FROM call_sessions)",
    FILE_UPLOAD: "false",
    UPLOAD_ROW: "false",
}

_COUNTS = """
WITH records AS (
    SELECT
        outcomes.status = 'error' AS is_refused,
        coalesce({is_there}, false) AS is_there,
        outcomes.status = 'duplicate' OR {is_merged} AS is_merged,
        coalesce(outcomes.error_codes[1], 'no reason') AS code
    FROM lake.uploads AS uploads
    JOIN lake.{kind}_rows AS stated ON stated.upload_id = uploads.upload_id
    LEFT JOIN _upload_row_outcomes AS outcomes
        ON outcomes.file_upload_id = stated.upload_id AND outcomes.line_number = stated.line_number
    WHERE uploads.sha256 = $sha256
),

codes AS (
    SELECT code, count(*) AS records FROM records WHERE is_refused GROUP BY code
)

SELECT
    count(*) AS in_lake,
    count(*) FILTER (is_refused IS FALSE AND is_there) AS in_warehouse,
    count(*) FILTER (is_refused IS FALSE AND NOT is_there AND is_merged) AS merged,
    count(*) FILTER (is_refused) AS refused,
    coalesce((SELECT string_agg(code || ' ' || records, ', ' ORDER BY records DESC, code) FROM codes), '') AS why
FROM records
"""

# A loan that a customer of the first generation was has no id of its own: the first usable record of a loan number
# makes the loan, unless a row of `loans` does; later ones go into it.
_FIRST_OF_ITS_LOAN = """
    outcomes.match_loan_id IN (SELECT id FROM loans)
    AND outcomes.match_loan_id NOT IN (
        SELECT elsewhere.match_loan_id
        FROM _upload_row_outcomes AS elsewhere
        JOIN lake.uploads AS other ON other.upload_id = elsewhere.file_upload_id
        WHERE other.sha256 = $loans_sha256 AND elsewhere.match_loan_id IS NOT NULL AND elsewhere.status <> 'error'
    )
    AND row_number() OVER (
        PARTITION BY outcomes.match_loan_id, outcomes.status = 'error' ORDER BY stated.line_number
    ) = 1
"""


@dataclass(frozen=True)
class Account:
    """One line of the reconciliation: a part of the database and what became of its rows."""

    table: str
    rows: int
    in_lake: int
    in_warehouse: int
    merged: int
    refused: int
    why: str

    def complaint(self) -> str | None:
        """What does not add up, as a sentence."""
        if self.in_lake != self.rows:
            return f"{self.table}: {self.rows:,} rows were read, but the lake has {self.in_lake:,} records of them."
        known = self.in_warehouse + self.merged + self.refused
        if known != self.rows:
            return (
                f"{self.table}: what became of {self.rows - known:,} of {self.rows:,} rows is not known: they are not "
                "in the warehouse, not merged into another and not refused."
            )
        return None


def reconcile(home: Home, settings: Settings, imported: list[Imported]) -> list[Account]:
    """Hold the rows of an imported database against the warehouse. To be called after the run that took them up."""
    loans = next((part.sha256 for part in imported if part.part == "loans"), None)
    accounts = []
    with connect(home.warehouse, home, settings, read_only=True) as con:
        for part in imported:
            is_there, values = f"stated.entity_id IN (SELECT id FROM {_TABLES[part.kind]})", {"sha256": part.sha256}
            if part.part == LOANS_OF_CUSTOMERS.name:
                is_there, values = _FIRST_OF_ITS_LOAN, {**values, "loans_sha256": loans}
            sql = _COUNTS.format(kind=part.kind, is_there=is_there, is_merged=_MERGED[part.kind])
            accounts.append(Account(part.part, part.rows, *con.execute(sql, values).fetchall()[0]))
    return accounts
