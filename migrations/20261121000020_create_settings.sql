-- Everything that is not needed to start. Plain values in `value`, secrets sealed.
CREATE TABLE IF NOT EXISTS settings (
  name VARCHAR(60) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  value TEXT NULL,
  key_id VARCHAR(16) CHARACTER SET ascii NULL,
  sealed VARBINARY(4096) NULL,
  version INT UNSIGNED NOT NULL DEFAULT 1,
  updated_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  updated_by VARCHAR(80) NOT NULL DEFAULT 'system'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
