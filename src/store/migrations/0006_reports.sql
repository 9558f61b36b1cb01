-- What a figure rests on, and what left the program.

-- AWS's request ids of the questions on credits; those on costs are in ingest_runs.
CREATE TABLE credit_requests (
    run_id     BIGINT NOT NULL,
    request_id VARCHAR NOT NULL
);

-- Every report that was handed out, once: the same bytes again are the same report.
CREATE TABLE issued_reports (
    sha256        VARCHAR PRIMARY KEY,      -- of the file, in hex
    kind          VARCHAR NOT NULL,
    format        VARCHAR NOT NULL,
    audience      VARCHAR NOT NULL,         -- owner, or the records of a partner
    as_of         TIMESTAMP NOT NULL,       -- clock of the newest included cycle, UTC
    made_at       TIMESTAMP NOT NULL,       -- when it was made first
    program       VARCHAR NOT NULL,         -- version that made it
    config_digest VARCHAR NOT NULL          -- SHA-256 of the config's text
);
