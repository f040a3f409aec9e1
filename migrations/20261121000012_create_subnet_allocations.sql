-- One small subnet per store network, from our own pool: the engine's default ends near 31 networks.
CREATE TABLE IF NOT EXISTS subnet_allocations (
  server_id BIGINT UNSIGNED NOT NULL,
  -- IPv4 network address as a number.
  subnet INT UNSIGNED NOT NULL,
  prefix TINYINT UNSIGNED NOT NULL,
  store_id BIGINT UNSIGNED NULL,
  allocated_at DATETIME(6) NULL,
  PRIMARY KEY (server_id, subnet),
  UNIQUE KEY subnet_allocations_store (store_id),
  KEY subnet_allocations_free (server_id, store_id, subnet),
  CONSTRAINT subnet_allocations_server_fk FOREIGN KEY (server_id) REFERENCES servers (id),
  CONSTRAINT subnet_allocations_store_fk FOREIGN KEY (store_id) REFERENCES stores (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
