CREATE TABLE IF NOT EXISTS job_attempts (
  job_id BIGINT UNSIGNED NOT NULL,
  attempt INT UNSIGNED NOT NULL,
  worker VARCHAR(96) CHARACTER SET ascii NOT NULL DEFAULT '',
  state VARCHAR(12) CHARACTER SET ascii NOT NULL DEFAULT 'started' CHECK (state IN ('started','retrying','finished','failed','cancelled','lost')),
  error_code VARCHAR(40) CHARACTER SET ascii NOT NULL DEFAULT '',
  error_reason VARCHAR(500) NOT NULL DEFAULT '',
  started_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  finished_at DATETIME(6) NULL,
  PRIMARY KEY (job_id, attempt)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
