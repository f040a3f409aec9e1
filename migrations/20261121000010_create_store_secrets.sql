-- Sealed values of a store: admin password, database password, keys. AAD binds each to its row.
CREATE TABLE IF NOT EXISTS store_secrets (
  store_id BIGINT UNSIGNED NOT NULL,
  name VARCHAR(40) CHARACTER SET ascii NOT NULL,
  key_id VARCHAR(16) CHARACTER SET ascii NOT NULL,
  sealed VARBINARY(4096) NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  revealed_at DATETIME(6) NULL,
  PRIMARY KEY (store_id, name),
  KEY store_secrets_key (key_id),
  CONSTRAINT store_secrets_store_fk FOREIGN KEY (store_id) REFERENCES stores (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
