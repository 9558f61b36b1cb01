-- Messages that are no alerts: digests, and acknowledgements for those who keep incidents. Append-only. Times are UTC.
CREATE TABLE notices (
    event_id VARCHAR   PRIMARY KEY,  -- stable: the same digest, made again, gives the same id
    kind     VARCHAR   NOT NULL CHECK (kind IN ('digest', 'ack')),
    key      VARCHAR   NOT NULL,     -- of the alert; 'digest' for a digest
    severity VARCHAR   NOT NULL,
    made_at  TIMESTAMP NOT NULL,
    as_of    TIMESTAMP NOT NULL,     -- clock of the position that it tells
    payload  VARCHAR   NOT NULL      -- the same as JSON for programs
);

-- What a delivery delivers.
CREATE VIEW told AS
SELECT event_id, key, severity, decided_at FROM alert_events
UNION ALL
SELECT event_id, key, severity, made_at FROM notices;
