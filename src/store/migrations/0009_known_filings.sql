-- Which filings a cycle knew: the newest version that was recorded when it ended, 0 for none. Null for cycles of before, of
-- which only the times of recording tell.
ALTER TABLE cycles ADD COLUMN newest_filing INTEGER;
