-- Reports that are sent on a schedule. Times are UTC.

-- Notices may be reports now. A check cannot be changed in place.
DROP VIEW told;
CREATE TABLE notices_before AS SELECT * FROM notices;
DROP TABLE notices;
CREATE TABLE notices (
    event_id VARCHAR   PRIMARY KEY,  -- stable: the same digest or report, made again, gives the same id
    kind     VARCHAR   NOT NULL CHECK (kind IN ('digest', 'ack', 'report')),
    key      VARCHAR   NOT NULL,     -- of the alert; 'digest' for a digest, 'report:' and its name for a report
    severity VARCHAR   NOT NULL,
    made_at  TIMESTAMP NOT NULL,
    as_of    TIMESTAMP NOT NULL,     -- clock of the position that it tells
    payload  VARCHAR   NOT NULL      -- the same as JSON for programs
);
INSERT INTO notices SELECT * FROM notices_before;
DROP TABLE notices_before;
CREATE VIEW told AS
SELECT event_id, key, severity, decided_at FROM alert_events
UNION ALL
SELECT event_id, key, severity, made_at FROM notices;

-- When a schedule was first met: a report that is new in the config goes out at its next moment, and not at once.
CREATE TABLE report_schedules (
    name      VARCHAR   NOT NULL,
    schedule  VARCHAR   NOT NULL,    -- the cron line; another line is another schedule
    first_met TIMESTAMP NOT NULL,
    PRIMARY KEY (name, schedule)
);

-- Files on their way, removed once their delivery is settled. What was sent stays known by its hash, in issued_reports.
CREATE TABLE delivery_files (
    event_id   VARCHAR NOT NULL,
    channel    VARCHAR NOT NULL,
    place      INTEGER NOT NULL,     -- in the order in which they are attached
    name       VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    content    BLOB    NOT NULL
);
