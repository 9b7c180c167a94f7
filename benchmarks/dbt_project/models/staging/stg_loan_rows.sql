WITH typed AS (
    SELECT
        md5(parse_filename(filename)) AS file_upload_id,
        upper({{ text('"Loan Number"') }}) AS loan_id,
        {{ text('"Customer Name"') }} AS full_name,
        {{ phone('"Mobile Number"') }} AS phone,
        upper({{ text('"PAN"') }}) AS national_id,
        {{ text('"State"') }} AS state,
        {{ amount('"Sanctioned Amount"') }} AS principal_amount,
        {{ amount('"Outstanding"') }} AS outstanding_amount,
        {{ amount('"EMI Amount"') }} AS due_amount,
        {{ day('"Due Date"') }} AS next_due_date,
        {{ day('"Last Payment Date"') }} AS last_paid_date,
        {{ amount('"Last Payment Amount"') }} AS last_paid_amount,
        {{ text('"Cluster"') }} AS cluster,
        {{ text('"Branch Name"') }} AS branch,
        {{ text('"Employee Name"') }} AS employee_name,
        {{ text('"Emp ID"') }} AS employee_id,
        (principal_amount IS NULL AND {{ text('"Sanctioned Amount"') }} IS NOT NULL)
        OR (outstanding_amount IS NULL AND {{ text('"Outstanding"') }} IS NOT NULL)
        OR (due_amount IS NULL AND {{ text('"EMI Amount"') }} IS NOT NULL)
        OR (last_paid_amount IS NULL AND {{ text('"Last Payment Amount"') }} IS NOT NULL)
        OR (next_due_date IS NULL AND {{ text('"Due Date"') }} IS NOT NULL)
        OR (last_paid_date IS NULL AND {{ text('"Last Payment Date"') }} IS NOT NULL) AS has_bad_cell
    FROM {{ source('received', 'loan_books') }}
)

SELECT typed.*, uploads.uploaded_at
FROM typed
JOIN {{ ref('stg_uploads') }} AS uploads ON uploads.id = typed.file_upload_id
WHERE typed.loan_id IS NOT NULL
