-- A signed-in browser. The cookie holds a random 256-bit id; only its SHA-256 is stored.
CREATE TABLE IF NOT EXISTS login_sessions (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  token_hash BINARY(32) NOT NULL,
  -- 'visitor' sessions exist before sign-in and carry the CSRF secret only.
  kind VARCHAR(12) NOT NULL CHECK (kind IN ('visitor','customer','admin')),
  customer_id BIGINT UNSIGNED NULL,
  admin_id BIGINT UNSIGNED NULL,
  csrf_secret BINARY(32) NOT NULL,
  address VARCHAR(45) NOT NULL,
  user_agent VARCHAR(255) NOT NULL DEFAULT '',
  -- When the password was last proven; sensitive pages ask again after ten minutes.
  authenticated_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  seen_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  expires_at DATETIME(6) NOT NULL,
  revoked_at DATETIME(6) NULL,
  UNIQUE KEY login_sessions_token (token_hash),
  KEY login_sessions_customer (customer_id, revoked_at),
  KEY login_sessions_admin (admin_id, revoked_at),
  KEY login_sessions_expiry (expires_at),
  CONSTRAINT login_sessions_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT login_sessions_admin_fk FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
