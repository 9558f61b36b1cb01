-- Facts are appended, never edited. The newest observation of a key is what is believed now; the newest one of an
-- earlier run is what was believed then.

CREATE TABLE ingest_runs (
    run_id          BIGINT PRIMARY KEY,
    clock           TIMESTAMP NOT NULL,     -- the cycle's clock, UTC
    account         VARCHAR,                -- account whose credentials asked, where known
    window_start    DATE,                   -- null where costs were not pulled
    window_end      DATE,                   -- exclusive
    pages           INTEGER NOT NULL,
    request_ids     VARCHAR[] NOT NULL,     -- AWS request ids, for AWS Support
    costs_outcome   VARCHAR NOT NULL,       -- JSON
    credits_outcome VARCHAR NOT NULL,       -- JSON
    moved           DECIMAL(38, 18) NOT NULL
);

-- A cycle that went through to its end: its outlook and findings are stored.
CREATE TABLE cycles (
    run_id   BIGINT PRIMARY KEY,
    clock    TIMESTAMP NOT NULL,
    outlook  VARCHAR,                       -- JSON as made; null before the first complete day
    findings VARCHAR NOT NULL               -- JSON
);

-- FOCUS column names; columns of our own start with x_.
CREATE TABLE charges (
    run_id          BIGINT NOT NULL,
    charge_day      DATE NOT NULL,
    service_name    VARCHAR NOT NULL,
    x_record_type   VARCHAR NOT NULL,
    charge_category VARCHAR NOT NULL,
    billed_cost     DECIMAL(38, 18) NOT NULL,
    x_estimated     BOOLEAN NOT NULL        -- as of this observation; a change of this flag alone is not recorded
);

CREATE TABLE usage (
    run_id            BIGINT NOT NULL,
    charge_day        DATE NOT NULL,
    service_name      VARCHAR NOT NULL,
    x_usage_type      VARCHAR NOT NULL,
    billed_cost       DECIMAL(38, 18) NOT NULL,
    consumed_quantity DECIMAL(38, 12) NOT NULL,
    consumed_unit     VARCHAR NOT NULL,
    x_estimated       BOOLEAN NOT NULL
);

CREATE VIEW current_charges AS
SELECT charge_day, service_name, x_record_type,
       arg_max(charge_category, run_id) AS charge_category,
       arg_max(billed_cost, run_id) AS billed_cost,
       arg_max(x_estimated, run_id) AS x_estimated
FROM charges GROUP BY charge_day, service_name, x_record_type;

CREATE VIEW current_usage AS
SELECT charge_day, service_name, x_usage_type,
       arg_max(billed_cost, run_id) AS billed_cost,
       arg_max(consumed_quantity, run_id) AS consumed_quantity,
       arg_max(consumed_unit, run_id) AS consumed_unit,
       arg_max(x_estimated, run_id) AS x_estimated
FROM usage GROUP BY charge_day, service_name, x_usage_type;

-- What AWS changed about a day after it was complete (two days later), and when that was noticed.
CREATE VIEW restatements AS
SELECT clock, charge_day, service_name, x_record_type, cost_before, cost_after
FROM (
    SELECT r.clock, c.charge_day, c.service_name, c.x_record_type,
           coalesce(lag(c.billed_cost) OVER key, 0) AS cost_before, c.billed_cost AS cost_after,
           (SELECT max(f.clock) FROM ingest_runs f
            WHERE f.run_id < c.run_id AND f.window_start <= c.charge_day AND c.charge_day < f.window_end) AS last_pull
    FROM charges c JOIN ingest_runs r USING (run_id)
    WINDOW key AS (PARTITION BY c.charge_day, c.service_name, c.x_record_type ORDER BY c.run_id)
)
WHERE last_pull IS NOT NULL AND charge_day <= last_pull::DATE - 2 AND cost_before <> cost_after;

-- Every snapshot is kept: AWS stops listing credits that are used up or expired.
CREATE TABLE credit_snapshots (
    run_id    BIGINT NOT NULL,
    taken_on  DATE NOT NULL,
    credit_id VARCHAR NOT NULL,
    enabled   BOOLEAN NOT NULL,
    snapshot  VARCHAR NOT NULL              -- JSON
);

-- One complete answer of the allocation history per month; a month is stored again only when it changed.
CREATE TABLE credit_allocations (
    run_id BIGINT NOT NULL,
    month  VARCHAR NOT NULL,
    rows   VARCHAR NOT NULL                 -- JSON
);

-- Balances that somebody read off the console and typed in.
CREATE TABLE recorded_balances (
    recorded_at TIMESTAMP NOT NULL,
    pool        VARCHAR NOT NULL,
    amount      DECIMAL(38, 18) NOT NULL,
    observed_on DATE NOT NULL
);

-- Filings, frozen. A correction is a new version.
CREATE TABLE filed_projections (
    version      INTEGER PRIMARY KEY,
    recorded_at  TIMESTAMP NOT NULL,
    filed_on     DATE NOT NULL,
    content_hash VARCHAR NOT NULL,
    body         VARCHAR NOT NULL
);

-- Every Cost Explorer request, written before it leaves. This is bookkeeping about ourselves and the one table whose
-- rows are updated: once, when the answer is known.
CREATE TABLE paid_requests (
    ticket  BIGINT PRIMARY KEY,
    day     DATE NOT NULL,
    outcome VARCHAR NOT NULL                -- unknown, charged, not_charged
);
