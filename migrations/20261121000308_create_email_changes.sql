-- A wished change of an address: both mailboxes confirm, the old one can stop it. Tokens leave in mails; hashes stay.
CREATE TABLE IF NOT EXISTS email_changes (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT UNSIGNED NOT NULL,
  old_email VARCHAR(254) NOT NULL,
  new_email VARCHAR(254) NOT NULL,
  old_token_hash BINARY(32) NULL,
  new_token_hash BINARY(32) NULL,
  stop_token_hash BINARY(32) NULL,
  old_confirmed_at DATETIME(6) NULL,
  new_confirmed_at DATETIME(6) NULL,
  -- Carried out, stopped, or replaced by a newer wish.
  ended_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  expires_at DATETIME(6) NOT NULL,
  UNIQUE KEY email_changes_old (old_token_hash),
  UNIQUE KEY email_changes_new (new_token_hash),
  UNIQUE KEY email_changes_stop (stop_token_hash),
  KEY email_changes_customer (customer_id, id),
  KEY email_changes_expiry (expires_at),
  CONSTRAINT email_changes_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
