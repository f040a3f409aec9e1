-- Staff look at a customer's panel: asked for, allowed where the customer wants to be asked, running, over.
CREATE TABLE IF NOT EXISTS customer_views (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT UNSIGNED NOT NULL,
  -- The name stays when the account of the staff member is gone.
  admin_id BIGINT UNSIGNED NULL,
  admin_name VARCHAR(80) NOT NULL,
  reason VARCHAR(200) NOT NULL,
  state VARCHAR(10) CHARACTER SET ascii NOT NULL CHECK (state IN ('asked','allowed','refused','running','over')),
  -- SHA-256 of the link in the mail that asks; gone when it was answered.
  consent_hash BINARY(32) NULL,
  -- SHA-256 of the cookie while it runs, and the secret of its form tokens.
  token_hash BINARY(32) NULL,
  csrf_secret BINARY(32) NULL,
  -- The sign-in of the staff member; the view ends with it.
  session_id BIGINT UNSIGNED NULL,
  asked_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  answered_at DATETIME(6) NULL,
  started_at DATETIME(6) NULL,
  -- Of the question, of the permission, then of the view itself.
  expires_at DATETIME(6) NOT NULL,
  ended_at DATETIME(6) NULL,
  UNIQUE KEY customer_views_token (token_hash),
  UNIQUE KEY customer_views_consent (consent_hash),
  KEY customer_views_customer (customer_id, id),
  KEY customer_views_admin (admin_id, customer_id, id),
  KEY customer_views_session (session_id),
  KEY customer_views_due (state, expires_at),
  CONSTRAINT customer_views_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT customer_views_admin_fk FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE SET NULL,
  CONSTRAINT customer_views_session_fk FOREIGN KEY (session_id) REFERENCES login_sessions (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
