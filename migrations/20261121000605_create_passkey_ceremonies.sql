-- A passkey is being added, or asked for at a sign-in: the challenge waits here for five minutes and is used once.
CREATE TABLE IF NOT EXISTS passkey_ceremonies (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  -- SHA-256 of the cookie of the browser that began.
  token_hash BINARY(32) NOT NULL,
  -- Who adds one; nobody yet at a sign-in.
  customer_id BIGINT UNSIGNED NULL,
  admin_id BIGINT UNSIGNED NULL,
  -- What the library needs to check the answer.
  state MEDIUMTEXT NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  expires_at DATETIME(6) NOT NULL,
  UNIQUE KEY passkey_ceremonies_token (token_hash),
  KEY passkey_ceremonies_expiry (expires_at),
  KEY passkey_ceremonies_customer (customer_id),
  CONSTRAINT passkey_ceremonies_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT passkey_ceremonies_admin_fk FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
