-- Grain: one row per record of a new loan book that states again what is known of its loan and its borrower.
-- Meaning: such a record ties nothing new. The book is later than all that states a loan; the record is the only one of its
--          loan in it, and so is the one that stated the loan last; the two say the same of the person, under the same
--          number, and the later one no branch or employee where there was none.
WITH earlier_books AS (
    SELECT uploads.upload_id, uploads.uploaded_at
    FROM was._stg_uploads AS uploads
    WHERE uploads.kind IN ('loan_book', 'customer', 'loan')
    UNION ALL
    SELECT uploads.upload_id, uploads.uploaded_at
    FROM whole._stg_uploads AS uploads
    SEMI JOIN was._stg_uploads AS known ON known.upload_id = uploads.upload_id
    WHERE uploads.kind IN ('loan_book', 'customer', 'loan')
),

new_books AS (
    SELECT uploads.upload_id
    FROM whole._stg_uploads AS uploads
    ANTI JOIN was._stg_uploads AS known ON known.upload_id = uploads.upload_id
    WHERE uploads.kind = 'loan_book' AND uploads.uploaded_at > (SELECT max(uploaded_at) FROM earlier_books)
),

once AS (
    SELECT loan_id FROM fresh._stg_loan_rows WHERE row_error IS NULL GROUP BY loan_id HAVING count(*) = 1
),

latest AS (
    SELECT snapshots.loan_key, snapshots.customer_id, snapshots.file_upload_id, snapshots.upload_row_id
    FROM was.loan_snapshots AS snapshots
    SEMI JOIN once ON once.loan_id = snapshots.loan_key
    WHERE snapshots.valid_to IS NULL
),

earlier AS (
    SELECT rows.*
    FROM was._stg_loan_rows AS rows
    SEMI JOIN latest ON latest.file_upload_id = rows.upload_id AND latest.loan_key = rows.loan_id
    WHERE rows.row_error IS NULL
),

earlier_once AS (
    SELECT upload_id, loan_id FROM earlier GROUP BY upload_id, loan_id HAVING count(*) = 1
)

SELECT
    rows.row_id,
    rows.upload_id,
    rows.line_number,
    rows.loan_id,
    rows.phone,
    rows.national_id,
    latest.customer_id,
    earlier.row_id AS earlier_row_id,
    earlier.upload_id AS earlier_upload_id,
    earlier.line_number AS earlier_line_number
FROM fresh._stg_loan_rows AS rows
SEMI JOIN new_books ON new_books.upload_id = rows.upload_id
JOIN latest ON latest.loan_key = rows.loan_id
JOIN earlier ON earlier.row_id = latest.upload_row_id
SEMI JOIN earlier_once ON earlier_once.upload_id = latest.file_upload_id AND earlier_once.loan_id = rows.loan_id
JOIN was.loans AS loans ON loans.loan_key = rows.loan_id AND loans.loan_id = rows.loan_text AND loans.customer_id = latest.customer_id
JOIN was.customers AS customers ON customers.id = latest.customer_id
JOIN was._loan_assignments AS assignments ON assignments.upload_row_id = latest.upload_row_id
ANTI JOIN contacts ON contacts.phone = rows.phone
WHERE
    rows.row_error IS NULL
    AND earlier.kind = 'loan_book'
    AND earlier.loan_id = rows.loan_id
    AND rows.borrower_role IS NULL
    AND earlier.borrower_role IS NULL
    AND coalesce(rows.phone, rows.national_id) IS NOT NULL
    AND rows.phone IS NOT DISTINCT FROM earlier.phone
    AND rows.national_id IS NOT DISTINCT FROM earlier.national_id
    AND (rows.national_id IS NULL OR rows.national_id = customers.national_id)
    AND rows.further_phones IS NOT DISTINCT FROM earlier.further_phones
    AND (rows.full_name IS NULL OR rows.full_name = earlier.full_name)
    AND (rows.do_not_call IS NULL OR rows.do_not_call = customers.do_not_call)
    AND (coalesce(rows.employee_id_key, rows.employee_name_key) IS NULL OR assignments.employee IS NOT NULL)
    AND (rows.cluster_key IS NULL OR assignments.cluster IS NOT NULL)
    AND (rows.branch_key IS NULL OR assignments.branch IS NOT NULL)
    AND (rows.outstanding_amount IS NULL OR assignments.outstanding_amount IS NOT NULL)
    AND (rows.next_due_date IS NULL OR assignments.next_due_date IS NOT NULL)
