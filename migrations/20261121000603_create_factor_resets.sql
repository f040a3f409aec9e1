-- The way back of owners who lost phone and recovery codes: staff plan it, the owner's mailbox can stop it until it is due.
CREATE TABLE IF NOT EXISTS factor_resets (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT UNSIGNED NOT NULL,
  reason VARCHAR(80) NOT NULL,
  -- SHA-256 of the link that stops it.
  stop_hash BINARY(32) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  due_at DATETIME(6) NOT NULL,
  -- Done or stopped.
  ended_at DATETIME(6) NULL,
  stopped BOOLEAN NOT NULL DEFAULT FALSE,
  UNIQUE KEY factor_resets_stop (stop_hash),
  KEY factor_resets_customer (customer_id, id),
  KEY factor_resets_due (ended_at, due_at),
  CONSTRAINT factor_resets_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
