-- Ids that derive from natural keys, fingerprints, and orders that do not move.

CREATE OR REPLACE MACRO id_of(what, natural_key) AS CAST(md5(what || '|' || natural_key) AS UUID);

CREATE OR REPLACE MACRO row_id_of(sha256, line_number) AS
    id_of('row', sha256 || '|' || CAST(line_number AS VARCHAR));

-- Who a customer is, in 16 bytes: the digits of the phone and the national id; unlike any other where both are absent.
CREATE OR REPLACE MACRO fingerprint_of(phone, national_id, customer_id) AS
    CASE
        WHEN phone IS NULL AND national_id IS NULL THEN id_of('fingerprint', CAST(customer_id AS VARCHAR))
        ELSE CAST(md5(coalesce(replace(phone, '+', ''), '') || '|' || coalesce(national_id, '')) AS UUID)
    END;

-- The place of a row in the order of all rows: by upload, then line.
CREATE OR REPLACE MACRO row_order_of(upload_order, line_number) AS
    CAST(upload_order AS BIGINT) * 1000000000 + line_number;

-- The place of what is stated of a call: by its own time, then as received. No two rows have the same.
CREATE OR REPLACE MACRO event_order_of(event_at, row_order) AS
    CAST(epoch_us(event_at) AS HUGEINT) * 1000000000000000000 + row_order;

-- The same with the status before the time, so that a late lower status comes before an earlier further one.
CREATE OR REPLACE MACRO furthest_order_of(status, event_order) AS
    CAST(call_status_rank(status) AS HUGEINT) * 10000000000000000000000000000000000000 + event_order;

-- Of what several uploads state, the latest before a moment counts, else the earliest after it: each counts from its own
-- time, the first of them from ever, until the next one's. Equal times make nothing of all but the last.
CREATE OR REPLACE MACRO in_force_from(stated_at, earlier_at) AS
    CASE WHEN earlier_at IS NULL THEN TIMESTAMP '0001-01-01 00:00:00' ELSE stated_at END;

CREATE OR REPLACE MACRO in_force_to(later_at) AS coalesce(later_at, TIMESTAMP '9999-12-31 00:00:00');
