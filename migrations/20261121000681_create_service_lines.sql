-- What web and worker processes log, masked, for the panel. The newest are read; old ones are forgotten by housekeeping.
CREATE TABLE IF NOT EXISTS service_lines (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  at DATETIME(6) NOT NULL,
  service VARCHAR(10) CHARACTER SET ascii NOT NULL,
  place VARCHAR(100) NOT NULL,
  -- 0 debug, 1 info, 2 warning, 3 error
  level TINYINT UNSIGNED NOT NULL,
  -- Joins a click, its job and its lines; empty where there is none.
  correlation VARCHAR(64) CHARACTER SET ascii NOT NULL DEFAULT '',
  text VARCHAR(4000) NOT NULL,
  -- Warnings and errors: few among many, found by an index of their own.
  severe BOOLEAN AS (level >= 2) STORED,
  KEY service_lines_severe (severe, id),
  KEY service_lines_level (level, id),
  KEY service_lines_service (service, id),
  KEY service_lines_correlation (correlation, id),
  KEY service_lines_at (at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
