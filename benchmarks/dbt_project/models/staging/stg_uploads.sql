SELECT
    md5(filename) AS id,
    filename,
    uploaded_by,
    {{ utc('uploaded_at') }} AS uploaded_at,
    CASE WHEN starts_with(filename, 'loans_') THEN 'loan_book' ELSE 'call_log' END AS kind
FROM {{ source('received', 'manifests') }}
