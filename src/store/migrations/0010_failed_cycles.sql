-- Cycles that did not come to their end, each with the transaction that tells of it. Append-only. Times are UTC. One holds
-- until a cycle finishes: as long as `finished` is still the newest finished cycle.
CREATE TABLE failed_cycles (
    failed_at TIMESTAMP NOT NULL,   -- the clock under which it failed
    run_id    BIGINT    NOT NULL,   -- newest ingest run then, 0 for none: its own, if it could store what it asked for
    finished  BIGINT    NOT NULL,   -- newest finished cycle then, 0 for none
    problem   VARCHAR   NOT NULL    -- what failed, for people
);
