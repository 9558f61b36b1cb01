-- What people had entered when a cycle's outlook was made, as JSON: how much of each append-only list was known. And the
-- config that it was made with. Null for cycles of before, of which only the times of recording tell.
ALTER TABLE cycles ADD COLUMN entered VARCHAR;
ALTER TABLE cycles ADD COLUMN config_digest VARCHAR;
-- Outlooks made again for a cycle because something was entered, or the config changed, after it. Append-only: the newest of a
-- cycle is shown in place of the cycle's own. Times are UTC.
CREATE TABLE remade_outlooks (
    remade_id     BIGINT    PRIMARY KEY,  -- in the order in which they were made
    run_id        BIGINT    NOT NULL,     -- the cycle
    decided_at    TIMESTAMP NOT NULL,     -- when its findings were compared with what was told: the cycle's clock, and a little
    outlook       VARCHAR,                -- JSON; null before the first complete day
    findings      VARCHAR   NOT NULL,     -- JSON
    entered       VARCHAR   NOT NULL,     -- JSON, as in cycles
    config_digest VARCHAR   NOT NULL
);
