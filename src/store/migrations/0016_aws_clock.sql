-- AWS's clock beside a run's: the newest Date of its answers. Null for runs of before, and where no answer carried one; the
-- latter ran under a clock that nobody vouches for, which hinders no later cycle.
ALTER TABLE ingest_runs ADD COLUMN aws_clock TIMESTAMP;
ALTER TABLE ingest_runs ADD COLUMN unrefereed BOOLEAN DEFAULT false;

-- What to do about a failure, where that is known. Null: the log says more.
ALTER TABLE failed_cycles ADD COLUMN remedy VARCHAR;

-- Runs under a clock ahead of AWS's, with everything that they brought and told, as it was. Each table is the one without
-- `aside_` in its name; a later migration that changes one changes the other. Nothing reads these rows but who lists them.
CREATE TABLE aside_ingest_runs AS SELECT * FROM ingest_runs LIMIT 0;
CREATE TABLE aside_cycles AS SELECT * FROM cycles LIMIT 0;
CREATE TABLE aside_said AS SELECT * FROM said LIMIT 0;
CREATE TABLE aside_remade_outlooks AS SELECT * FROM remade_outlooks LIMIT 0;
CREATE TABLE aside_charges AS SELECT * FROM charges LIMIT 0;
CREATE TABLE aside_usage AS SELECT * FROM usage LIMIT 0;
CREATE TABLE aside_credit_snapshots AS SELECT * FROM credit_snapshots LIMIT 0;
CREATE TABLE aside_credit_allocations AS SELECT * FROM credit_allocations LIMIT 0;
CREATE TABLE aside_credit_requests AS SELECT * FROM credit_requests LIMIT 0;
CREATE TABLE aside_vanished_days AS SELECT * FROM vanished_days LIMIT 0;
CREATE TABLE aside_monthly_questions AS SELECT * FROM monthly_questions LIMIT 0;
CREATE TABLE aside_month_sums AS SELECT * FROM month_sums LIMIT 0;
CREATE TABLE aside_alert_events AS SELECT * FROM alert_events LIMIT 0;
CREATE TABLE aside_deliveries AS SELECT * FROM deliveries LIMIT 0;
CREATE TABLE aside_delivery_files AS SELECT * FROM delivery_files LIMIT 0;
CREATE TABLE aside_failed_cycles AS SELECT * FROM failed_cycles LIMIT 0;
CREATE TABLE aside_account_plans AS SELECT * FROM account_plans LIMIT 0;

-- Each time that runs were set aside. Append-only. Times are UTC.
CREATE TABLE set_aside (
    before_run BIGINT    NOT NULL,   -- the first run that could know of it
    aws_clock  TIMESTAMP NOT NULL,   -- AWS's clock then
    cycles     BIGINT    NOT NULL,   -- how many cycles it were
    furthest   TIMESTAMP NOT NULL    -- the latest of their clocks
);
