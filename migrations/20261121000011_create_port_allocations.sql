-- Every port of every pool is a row; taking one is a row lock, not arithmetic (I-01).
CREATE TABLE IF NOT EXISTS port_allocations (
  server_id BIGINT UNSIGNED NOT NULL,
  port SMALLINT UNSIGNED NOT NULL,
  pool VARCHAR(20) CHARACTER SET ascii NOT NULL CHECK (pool IN ('store_web','store_db_admin','staging_web','staging_db_admin')),
  store_id BIGINT UNSIGNED NULL,
  allocated_at DATETIME(6) NULL,
  -- Freed or found taken by a foreign process: not handed out before this moment.
  cool_until DATETIME(6) NULL,
  PRIMARY KEY (server_id, port),
  UNIQUE KEY port_allocations_store (store_id, pool),
  KEY port_allocations_free (server_id, pool, store_id, port),
  CONSTRAINT port_allocations_server_fk FOREIGN KEY (server_id) REFERENCES servers (id),
  CONSTRAINT port_allocations_store_fk FOREIGN KEY (store_id) REFERENCES stores (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
