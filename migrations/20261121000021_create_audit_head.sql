-- The one locked row that numbers audit events and carries the newest hash.
CREATE TABLE IF NOT EXISTS audit_head (
  id TINYINT UNSIGNED NOT NULL PRIMARY KEY CHECK (id = 1),
  number BIGINT UNSIGNED NOT NULL,
  hash BINARY(32) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
