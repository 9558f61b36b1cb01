-- When this store was put back from what was left of it, so that what could not be brought back is told.
CREATE TABLE healings (
    healed_at TIMESTAMP NOT NULL,   -- by this machine's clock, UTC
    damage    VARCHAR   NOT NULL,   -- what was wrong, in words
    kept_as   VARCHAR,              -- where the damaged file was moved; null where there was none
    source    VARCHAR   NOT NULL CHECK (source IN ('file', 'backup', 'nothing', 'named')),
    copied    VARCHAR,              -- the backup that was put in its place; null without one
    knows_to  TIMESTAMP             -- what was entered up to then is there; null where nothing is
);

-- Written to only to learn whether the disk takes a write again.
CREATE TABLE write_trials (tried_at TIMESTAMP NOT NULL);
