"""Identities: what must add up within and between tables. Each selects the keys of rows that do not."""

from expectations.contract import RowRule

_OUTCOMES = "attempts = completed + disconnected + failed + unfinished AND unfinished >= 0 AND contacts <= completed"


def _outcomes(key: str) -> RowRule:
    return RowRule(
        "attempts_are_outcomes",
        "attempts are the sum of their outcomes, and contacts are completed calls",
        f"SELECT {key} FROM {{batch}} WHERE NOT ({_OUTCOMES})",
    )


def _whole(name: str, what: str, parts: str, whole: str) -> RowRule:
    return RowRule(
        name,
        f"{what} over all rows is that of all calls",
        f"SELECT {parts} AS sum_of_parts, whole.figure AS the_whole FROM {{batch}} "
        f"CROSS JOIN (SELECT {whole} AS figure) AS whole GROUP BY whole.figure HAVING {parts} <> whole.figure",
    )


def _sums(where: str) -> list[RowRule]:
    attempts = f"(SELECT count(*) FROM call_sessions WHERE status <> 'not_initiated' AND {where})"
    completed = f"(SELECT count(*) FROM call_sessions WHERE status = 'call_completed' AND {where})"
    talk = (
        "(SELECT coalesce(sum(coalesce(conversation_seconds, duration_seconds)), 0) FROM call_sessions "
        f"WHERE status = 'call_completed' AND {where})"
    )
    return [
        _whole("attempts_add_up", "the sum of attempts", "coalesce(sum(attempts), 0)", attempts),
        _whole("completed_add_up", "the sum of completed", "coalesce(sum(completed), 0)", completed),
        _whole("talk_adds_up", "the sum of talk_seconds", "coalesce(sum(talk_seconds), 0)", talk),
    ]


IDENTITIES: dict[str, list[RowRule]] = {
    "file_uploads": [
        RowRule(
            "records_add_up",
            "total = success + failed + duplicate, where we have the bytes",
            "SELECT id FROM {batch} WHERE sha256 IS NOT NULL "
            "AND total_records <> success_records + failed_records + duplicate_records",
        ),
        RowRule(
            "lines_add_up",
            "header, record, blank and other lines are all lines of the file",
            "SELECT id FROM {batch} WHERE header_lines + record_lines + blank_lines + other_lines <> physical_lines",
        ),
        RowRule(
            "records_are_rows",
            "total_records is the number of the upload's rows, where we have the bytes",
            "SELECT uploads.id FROM (SELECT * FROM {batch}) AS uploads LEFT JOIN ("
            "SELECT file_upload_id, count(*) AS found FROM _upload_row_outcomes GROUP BY file_upload_id"
            ") AS counted ON counted.file_upload_id = uploads.id "
            "WHERE uploads.sha256 IS NOT NULL AND uploads.total_records <> coalesce(counted.found, 0)",
        ),
    ],
    "upload_rows": [
        RowRule(
            "rows_are_records",
            "every record of the lake is one row, and so is every row that our records state",
            "SELECT counted.found, raw.found AS records FROM (SELECT count(*) AS found FROM {batch} "
            "WHERE id NOT IN (SELECT id FROM _stated_upload_rows)) AS counted "
            "CROSS JOIN (SELECT count(*) AS found FROM lake.upload_rows) AS raw WHERE counted.found <> raw.found",
        ),
        RowRule(
            "used_rows_are_matched",
            "a used row belongs to a customer or to a call, unless it states an upload; an unused one says why",
            "SELECT id FROM {batch} WHERE (status = 'error' AND error IS NULL) OR "
            "(status <> 'error' AND match_customer_id IS NULL AND match_call_session_id IS NULL AND file_upload_id "
            "NOT IN (SELECT id FROM file_uploads WHERE sha256 IS NULL OR kind IN ('file_upload', 'upload_row')))",
        ),
    ],
    "loan_snapshots": [
        RowRule(
            "intervals_are_a_chain",
            "valid_to is the valid_from of the loan's next snapshot; one snapshot is in force",
            "SELECT id FROM (SELECT id, valid_from, valid_to, lead(valid_from) OVER ("
            "PARTITION BY loan_key ORDER BY valid_from, valid_to NULLS LAST, id) AS next_from FROM {batch}) AS chain "
            "WHERE valid_to IS DISTINCT FROM next_from OR valid_to < valid_from",
        ),
    ],
    "call_sessions": [
        RowRule(
            "attributed_calls_have_a_line",
            "an attributed call has a customer, a loan and the line that triggered it; any other has none. Of a call "
            "whose customer or upload our records state, loan and line may be unknown",
            "SELECT id FROM {batch} WHERE (attribution = 'none') <> (customer_id IS NULL) "
            "OR (loan_id IS NULL AND attribution NOT IN ('none', 'customer', 'number')) OR (loan_id IS NOT NULL AND "
            "(customer_id IS NULL OR triggered_by_batch IS NULL OR (triggered_by_row IS NULL AND call_sid "
            "NOT IN (SELECT call_sid FROM _call_attributions WHERE stated_upload_id IS NOT NULL))))",
        ),
        RowRule(
            "triggering_row_is_the_loans",
            "triggered_by_row is a row of triggered_by_batch that states the call's loan",
            "SELECT calls.id FROM (SELECT * FROM {batch}) AS calls "
            "JOIN _upload_row_outcomes AS triggering ON triggering.id = calls.triggered_by_row "
            "WHERE triggering.file_upload_id <> calls.triggered_by_batch OR triggering.match_loan_id <> calls.loan_id",
        ),
    ],
    "call_status_updates": [
        RowRule(
            "sequence_has_no_gaps",
            "a call's updates are numbered from 1 in the order of time",
            "SELECT id FROM (SELECT id, sequence, row_number() OVER ("
            "PARTITION BY call_session_id ORDER BY timestamp, sequence) AS place FROM {batch}) AS placed "
            "WHERE sequence <> place",
        ),
    ],
    "loan_call_success": [_outcomes("loan_id"), *_sums("loan_id IS NOT NULL")],
    "customer_call_success": [_outcomes("customer_id"), *_sums("customer_id IS NOT NULL")],
    "employee_performance": [
        _outcomes("employee"),
        *_sums("true"),
        _whole("loans_add_up", "the sum of loans", "sum(loans)", "(SELECT count(*) FROM loans)"),
    ],
    "branch_performance": [
        _outcomes("cluster, branch"),
        *_sums("true"),
        _whole("loans_add_up", "the sum of loans", "sum(loans)", "(SELECT count(*) FROM loans)"),
        RowRule(
            "recovered_as_by_employee",
            "recovered_amount over all branches is that over all employees",
            "SELECT sum(recovered_amount) AS branches, min(parts.figure) AS employees FROM {batch} CROSS JOIN ("
            "SELECT coalesce(sum(recovered_amount), 0) AS figure FROM employee_performance) AS parts "
            "HAVING coalesce(sum(recovered_amount), 0) <> coalesce(min(parts.figure), 0)",
        ),
    ],
    "upload_quality": [
        RowRule(
            "statuses_add_up",
            "created + matched + duplicate + error = total_records, where we have the bytes",
            "SELECT file_upload_id FROM {batch} WHERE created + matched + duplicate + error <> total_records "
            "AND file_upload_id NOT IN (SELECT id FROM file_uploads WHERE sha256 IS NULL)",
        ),
        _whole(
            "calls_add_up",
            "the sum of triggered calls",
            "coalesce(sum(calls), 0)",
            "(SELECT count(*) FROM call_sessions WHERE triggered_by_batch IS NOT NULL)",
        ),
    ],
}
