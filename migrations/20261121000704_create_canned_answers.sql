-- Answers that staff keep for questions that come again.
CREATE TABLE IF NOT EXISTS canned_answers (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  title VARCHAR(80) NOT NULL,
  body TEXT NOT NULL,
  -- Raised by each change, so that two people do not overwrite each other.
  version INT UNSIGNED NOT NULL DEFAULT 1,
  updated_by VARCHAR(254) NOT NULL DEFAULT '',
  updated_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  UNIQUE KEY canned_answers_uid (uid),
  UNIQUE KEY canned_answers_title (title)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
