-- Which store this is: an id that it keeps for life, in every copy of it. Its backups' names begin with it, and a daemon says it.
CREATE TABLE store_id (id VARCHAR NOT NULL);
INSERT INTO store_id SELECT left(md5(CAST(gen_random_uuid() AS VARCHAR)), 16);

-- Second places for backups where a mark was left, so that a disk that is gone is not taken for an empty one.
CREATE TABLE backup_places (
    path      VARCHAR   NOT NULL,   -- absolute
    marked_at TIMESTAMP NOT NULL    -- UTC
);
