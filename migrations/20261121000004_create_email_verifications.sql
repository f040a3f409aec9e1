-- One-time links. The token leaves in a mail; only its SHA-256 stays. The newest one counts.
CREATE TABLE IF NOT EXISTS email_verifications (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT UNSIGNED NOT NULL,
  email VARCHAR(254) NOT NULL,
  token_hash BINARY(32) NOT NULL,
  -- The pre-sign-in session that filled in the form, so that the same browser is signed in at once.
  visitor_session_id BIGINT UNSIGNED NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  expires_at DATETIME(6) NOT NULL,
  used_at DATETIME(6) NULL,
  UNIQUE KEY email_verifications_token (token_hash),
  KEY email_verifications_customer (customer_id, id),
  CONSTRAINT email_verifications_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
