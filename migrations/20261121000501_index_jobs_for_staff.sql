-- What staff look for among a million jobs: the short id people quote, the reference of an error page, a kind, an
-- error code, and what failed and has not been dismissed.
ALTER TABLE jobs
  -- Somebody looked at the failure and took it off the list.
  ADD COLUMN IF NOT EXISTS dismissed_at DATETIME(6) NULL,
  ADD COLUMN IF NOT EXISTS short_uid CHAR(6) CHARACTER SET ascii COLLATE ascii_bin AS (RIGHT(RTRIM(uid), 6)) VIRTUAL,
  ADD INDEX IF NOT EXISTS jobs_short (short_uid),
  ADD INDEX IF NOT EXISTS jobs_correlation (correlation_id),
  ADD INDEX IF NOT EXISTS jobs_kind (kind, id),
  ADD INDEX IF NOT EXISTS jobs_error (error_code, id),
  ADD INDEX IF NOT EXISTS jobs_attention (state, dismissed_at, id);
