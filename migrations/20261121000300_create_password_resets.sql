-- One-time links to a new password. The token leaves in a mail; only its SHA-256 stays. The newest one counts.
CREATE TABLE IF NOT EXISTS password_resets (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT UNSIGNED NOT NULL,
  -- The address it was sent to: a changed address makes the link useless.
  email VARCHAR(254) NOT NULL,
  token_hash BINARY(32) NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  expires_at DATETIME(6) NOT NULL,
  used_at DATETIME(6) NULL,
  UNIQUE KEY password_resets_token (token_hash),
  KEY password_resets_customer (customer_id, id),
  KEY password_resets_expiry (expires_at),
  CONSTRAINT password_resets_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
