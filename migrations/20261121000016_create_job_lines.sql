-- The progress log: seq 1, 2, 3 ... per job without gaps.
CREATE TABLE IF NOT EXISTS job_lines (
  job_id BIGINT UNSIGNED NOT NULL,
  seq INT UNSIGNED NOT NULL,
  attempt INT UNSIGNED NOT NULL,
  step VARCHAR(40) CHARACTER SET ascii NOT NULL,
  -- 0 debug, 1 info, 2 warning, 3 error
  level TINYINT UNSIGNED NOT NULL,
  -- 0 staff only, 1 owner and staff
  audience TINYINT UNSIGNED NOT NULL,
  at DATETIME(3) NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (job_id, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
