-- What AWS states as left of a credit after open bills, beside the whole snapshot: of the earlier ones only this is read.
ALTER TABLE credit_snapshots ADD COLUMN estimated DECIMAL(38, 18);
UPDATE credit_snapshots
SET estimated = TRY_CAST(nullif(regexp_extract(snapshot, ',"estimated":"([^"]*)"', 1), '') AS DECIMAL(38, 18));

-- What each outlook said, as far as the track record judges it. `said` is JSON; null where the outlook cannot be read.
CREATE TABLE said (
    run_id BIGINT    PRIMARY KEY,
    clock  TIMESTAMP NOT NULL,
    said   VARCHAR
);
