-- What the same token was refused again and again is one row that counts. Texts of the audit are 200 characters at most from here
-- on; what older versions kept whole is shortened before this step (see audit.rs).
ALTER TABLE audit ADD COLUMN times BIGINT DEFAULT 1;
-- When last; null where it was once.
ALTER TABLE audit ADD COLUMN last_at TIMESTAMP;
