-- Recorded before and after each step; a finished step's output is handed back instead of doing it again.
CREATE TABLE IF NOT EXISTS job_steps (
  job_id BIGINT UNSIGNED NOT NULL,
  attempt INT UNSIGNED NOT NULL,
  name VARCHAR(40) CHARACTER SET ascii NOT NULL,
  position SMALLINT UNSIGNED NOT NULL,
  title VARCHAR(120) NOT NULL,
  state VARCHAR(12) CHARACTER SET ascii NOT NULL CHECK (state IN ('started','finished','failed','undoing','undone','skipped')),
  output JSON NULL,
  started_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  finished_at DATETIME(6) NULL,
  PRIMARY KEY (job_id, attempt, name),
  -- Usual durations per step, for estimates.
  KEY job_steps_name (name, state, finished_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
