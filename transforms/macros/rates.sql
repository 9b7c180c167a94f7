-- Rates with their interval.

CREATE OR REPLACE MACRO rate(part, whole) AS CAST(part AS DOUBLE) / nullif(whole, 0);

-- 95 % Wilson score interval of part / whole; null without a whole.
CREATE OR REPLACE MACRO wilson_low(part, whole) AS
    CASE WHEN whole > 0 THEN greatest(0.0, (
        rate(part, whole) + 1.9207294103470622 / whole
        - 1.959963984540054 * sqrt((rate(part, whole) * (1 - rate(part, whole)) + 0.9603647051735311 / whole) / whole)
    ) / (1 + 3.8414588206941245 / whole)) END;

CREATE OR REPLACE MACRO wilson_high(part, whole) AS
    CASE WHEN whole > 0 THEN least(1.0, (
        rate(part, whole) + 1.9207294103470622 / whole
        + 1.959963984540054 * sqrt((rate(part, whole) * (1 - rate(part, whole)) + 0.9603647051735311 / whole) / whole)
    ) / (1 + 3.8414588206941245 / whole)) END;

-- A rate drawn towards the rate over all, as if 20 more calls had gone as they go on average.
CREATE OR REPLACE MACRO shrunk_rate_of(part, whole, overall) AS
    (CAST(part AS DOUBLE) + 20 * overall) / (whole + 20);
