-- One-use refresh tokens. A used one that comes back means that two parties hold it: the whole log-in ends.
CREATE TABLE IF NOT EXISTS api_refresh_tokens (
  token_hash BINARY(32) NOT NULL PRIMARY KEY,
  credential_id BIGINT UNSIGNED NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  used_at DATETIME(6) NULL,
  KEY api_refresh_tokens_credential (credential_id),
  CONSTRAINT api_refresh_tokens_credential_fk FOREIGN KEY (credential_id) REFERENCES api_credentials (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
