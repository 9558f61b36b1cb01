-- A run that adds to a cycle's own: a closed month that AWS corrected, or days that somebody accepted as gone. It has the
-- cycle's clock, and says nothing about when the newest days were pulled or how that ended.
ALTER TABLE ingest_runs ADD COLUMN part_of BIGINT;

-- Days that an answer of AWS left empty at its head, and whose cost is kept; a later row of the day says whether it still
-- is. Append-only.
CREATE TABLE vanished_days (
    run_id     BIGINT  NOT NULL,
    charge_day DATE    NOT NULL,
    kept       BOOLEAN NOT NULL
);

-- Such days that somebody accepted as costing nothing. Append-only; times are UTC.
CREATE TABLE accepted_days (
    entry_id    BIGINT    PRIMARY KEY,  -- in the order in which they were made
    recorded_at TIMESTAMP NOT NULL,
    first_day   DATE      NOT NULL,
    last_day    DATE      NOT NULL,     -- inclusive
    run_id      BIGINT    NOT NULL      -- the run that made them zero
);

-- The questions for whole months: how far AWS's sums and what is believed stayed apart after what was pulled again.
CREATE TABLE monthly_questions (
    run_id BIGINT          PRIMARY KEY, -- the cycle's run
    apart  DECIMAL(38, 18) NOT NULL
);

-- What identified AWS's sums of a month when its days were last pulled beside such a question; the newest row counts.
CREATE TABLE month_sums (
    run_id BIGINT  NOT NULL,
    month  VARCHAR NOT NULL,
    digest VARCHAR NOT NULL
);
