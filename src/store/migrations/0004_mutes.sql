-- What somebody acknowledged or silenced. Append-only: the newest row of a kind and key counts. Times are UTC.
CREATE TABLE alert_mutes (
    mute_id BIGINT    PRIMARY KEY,  -- in the order in which they were entered
    kind    VARCHAR   NOT NULL CHECK (kind IN ('ack', 'silence')),
    key     VARCHAR   NOT NULL,     -- of an alert, or rule:* for every alert of a rule
    up_to   VARCHAR   NOT NULL,     -- the worst severity that is held
    made_by VARCHAR   NOT NULL,
    why     VARCHAR   NOT NULL,
    made_at TIMESTAMP NOT NULL,
    until   TIMESTAMP               -- none: for as long as the alert's episode lasts
);
