-- Everything about a customer as JSON, made by a job, sealed, downloaded by its owner, gone after a week.
CREATE TABLE IF NOT EXISTS data_exports (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  customer_id BIGINT UNSIGNED NOT NULL,
  key_id VARCHAR(16) CHARACTER SET ascii NULL,
  sealed LONGBLOB NULL,
  -- Size of the document, in bytes.
  size BIGINT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  ready_at DATETIME(6) NULL,
  expires_at DATETIME(6) NOT NULL,
  UNIQUE KEY data_exports_uid (uid),
  KEY data_exports_customer (customer_id, id),
  KEY data_exports_expiry (expires_at),
  CONSTRAINT data_exports_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
