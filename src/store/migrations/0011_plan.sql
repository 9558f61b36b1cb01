-- What people plan (`glidepath plan`). Append-only: an event that is taken back is a row of its own. Times are UTC.
CREATE TABLE plan_entries (
    entry_id    BIGINT    PRIMARY KEY,  -- in the order in which they were made
    event_id    INTEGER   NOT NULL,     -- what `plan list` and `plan remove` call it
    action      VARCHAR   NOT NULL CHECK (action IN ('add', 'remove')),
    recorded_at TIMESTAMP NOT NULL,
    kind        VARCHAR   NOT NULL,     -- launch, run, switch, fee, award or end
    starts_on   DATE      NOT NULL,
    sure        VARCHAR   NOT NULL,     -- a probability, as entered
    note        VARCHAR,
    details     VARCHAR   NOT NULL      -- JSON: what is planned
);
