-- A form sent twice does one thing: the key is inserted with the change, the answer is kept beside it.
CREATE TABLE IF NOT EXISTS form_keys (
  key_hash BINARY(32) NOT NULL PRIMARY KEY,
  action VARCHAR(48) NOT NULL,
  location VARCHAR(255) NOT NULL DEFAULT '',
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  KEY form_keys_created (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
