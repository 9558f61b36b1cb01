-- What was decided to tell, and the way of each message to each channel.
-- Times are UTC. Payloads are JSON or plain text, kept as text, exactly as they will be sent.

-- Append-only: an event is never edited. What is open is derived from it.
CREATE TABLE alert_events (
    event_id      VARCHAR   PRIMARY KEY,  -- stable: the same cycle run again gives the same id
    run_id        BIGINT    NOT NULL,     -- the ingest run whose facts caused it
    key           VARCHAR   NOT NULL,
    rule          VARCHAR   NOT NULL,
    severity      VARCHAR   NOT NULL,
    decision      VARCHAR   NOT NULL,     -- fire, escalate, repeat, resolve
    reason        VARCHAR   NOT NULL,
    since         DATE      NOT NULL,
    decided_at    TIMESTAMP NOT NULL,     -- the cycle's clock
    payload       VARCHAR   NOT NULL,     -- the whole event as JSON
    config_digest VARCHAR   NOT NULL      -- which rules decided
);

-- The outbox. `settled_at` is when it was delivered or given up.
CREATE TABLE deliveries (
    event_id        VARCHAR   NOT NULL,
    channel         VARCHAR   NOT NULL,
    payload         VARCHAR   NOT NULL,
    state           VARCHAR   NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts        INTEGER   NOT NULL,
    last_error      VARCHAR,
    next_attempt_at TIMESTAMP NOT NULL,
    settled_at      TIMESTAMP,
    PRIMARY KEY (event_id, channel)
);
