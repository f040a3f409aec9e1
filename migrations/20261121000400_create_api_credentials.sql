-- What programs sign in with: a log-in of the JSON API (session), a token, an OAuth2 client. Only
-- hashes of secrets are stored. Revoked or over, nothing behind it works at the next request.
CREATE TABLE IF NOT EXISTS api_credentials (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(10) CHARACTER SET ascii NOT NULL CHECK (kind IN ('session','token','client')),
  customer_id BIGINT UNSIGNED NULL,
  admin_id BIGINT UNSIGNED NULL,
  name VARCHAR(80) NOT NULL DEFAULT '',
  -- First characters of the secret, so that a person recognises it.
  prefix VARCHAR(12) CHARACTER SET ascii NOT NULL DEFAULT '',
  -- SHA-256 of the token or the client's secret; NULL for sessions, which have refresh tokens.
  secret_hash BINARY(32) NULL,
  -- Space-separated; '*' = whatever the owner may do (sessions).
  scopes VARCHAR(500) CHARACTER SET ascii NOT NULL,
  address VARCHAR(45) NOT NULL DEFAULT '',
  user_agent VARCHAR(255) NOT NULL DEFAULT '',
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  last_used_at DATETIME(6) NULL,
  last_used_address VARCHAR(45) NOT NULL DEFAULT '',
  expires_at DATETIME(6) NOT NULL,
  revoked_at DATETIME(6) NULL,
  -- 'person', 'refresh token used twice', …
  revoked_reason VARCHAR(60) NOT NULL DEFAULT '',
  UNIQUE KEY api_credentials_uid (uid),
  UNIQUE KEY api_credentials_secret (secret_hash),
  KEY api_credentials_customer (customer_id, revoked_at),
  KEY api_credentials_admin (admin_id, revoked_at),
  KEY api_credentials_expiry (expires_at),
  CONSTRAINT api_credentials_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT api_credentials_admin_fk FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE CASCADE,
  CONSTRAINT api_credentials_one_owner CHECK ((customer_id IS NULL) <> (admin_id IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
