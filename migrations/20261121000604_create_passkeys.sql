-- Passkeys of owners and staff: the public half, its counter, and when it was last used.
CREATE TABLE IF NOT EXISTS passkeys (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT UNSIGNED NULL,
  admin_id BIGINT UNSIGNED NULL,
  name VARCHAR(80) NOT NULL,
  -- SHA-256 of the credential's id, which may be long.
  credential_hash BINARY(32) NOT NULL,
  -- Public key, counter and flags, as the library writes them. Nothing in it is secret.
  credential MEDIUMTEXT NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  last_used_at DATETIME(6) NULL,
  -- Its counter went back: somebody may hold a copy. It opens nothing any more.
  blocked_at DATETIME(6) NULL,
  UNIQUE KEY passkeys_credential (credential_hash),
  KEY passkeys_customer (customer_id, id),
  KEY passkeys_admin (admin_id, id),
  CONSTRAINT passkeys_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT passkeys_admin_fk FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
