-- Links that somebody without an account was given, who read or entered what. Times are UTC.

-- Appended once, when a link is made. What it opens stands in the link itself, signed; this is for listing and revoking.
CREATE TABLE shared_links (
    link_id    VARCHAR   PRIMARY KEY,
    made_at    TIMESTAMP NOT NULL,
    made_by    VARCHAR   NOT NULL,      -- name of a token, or how else it was ordered
    kind       VARCHAR   NOT NULL,
    formats    VARCHAR   NOT NULL,      -- JSON
    records    VARCHAR   NOT NULL,      -- JSON
    expires_at TIMESTAMP NOT NULL,
    as_of      TIMESTAMP                -- null: always the newest
);

CREATE TABLE link_revocations (
    link_id    VARCHAR   PRIMARY KEY,
    revoked_at TIMESTAMP NOT NULL,
    revoked_by VARCHAR   NOT NULL
);

-- Append-only.
CREATE TABLE audit (
    number   BIGINT   PRIMARY KEY,          -- counted up from 1
    noted_at TIMESTAMP NOT NULL,
    who      VARCHAR   NOT NULL,         -- name of a token, `link ID`, or how else it came
    action   VARCHAR   NOT NULL,         -- read, or what was entered
    path     VARCHAR   NOT NULL,         -- without query, and without the link's own text
    status   INTEGER   NOT NULL          -- of the answer, as in HTTP
);
