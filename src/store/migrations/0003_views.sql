-- The newest cycle's view as it was put together, so that reading it does not put it together again. A cache of one row
-- at most: what it was made from is in the key, and deleting it changes no answer.
CREATE TABLE views (
    key  VARCHAR NOT NULL,                  -- JSON: cycle, fingerprint of the store, config, program
    body VARCHAR NOT NULL                   -- JSON
);
