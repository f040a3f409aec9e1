-- One host name, one store (I-13). Held from sign-up on, freed when the store is gone.
CREATE TABLE IF NOT EXISTS store_addresses (
  host VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  store_id BIGINT UNSIGNED NOT NULL,
  kind VARCHAR(12) NOT NULL DEFAULT 'platform' CHECK (kind IN ('platform','custom')),
  -- Confusable names share a skeleton; two stores may not.
  skeleton VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY store_addresses_skeleton (skeleton),
  KEY store_addresses_store (store_id),
  CONSTRAINT store_addresses_store_fk FOREIGN KEY (store_id) REFERENCES stores (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
