-- The password was right, the second factor is asked for. Opens nothing by itself; ends after ten minutes or five wrong codes.
CREATE TABLE IF NOT EXISTS sign_in_challenges (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  token_hash BINARY(32) NOT NULL,
  customer_id BIGINT UNSIGNED NULL,
  admin_id BIGINT UNSIGNED NULL,
  -- SHA-256 of the password hash that was proven: a changed password ends it.
  password_mark BINARY(32) NOT NULL,
  failures INT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  expires_at DATETIME(6) NOT NULL,
  used_at DATETIME(6) NULL,
  UNIQUE KEY sign_in_challenges_token (token_hash),
  KEY sign_in_challenges_expiry (expires_at),
  CONSTRAINT sign_in_challenges_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT sign_in_challenges_admin_fk FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
