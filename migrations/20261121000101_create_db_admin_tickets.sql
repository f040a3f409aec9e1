-- One-time ways into a database page. The ticket goes to one browser; only its SHA-256 stays.
CREATE TABLE IF NOT EXISTS db_admin_tickets (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  store_id BIGINT UNSIGNED NOT NULL,
  token_hash BINARY(32) NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  expires_at DATETIME(6) NOT NULL,
  -- Handed to the page by the worker at.
  admitted_at DATETIME(6) NULL,
  UNIQUE KEY db_admin_tickets_token (token_hash),
  KEY db_admin_tickets_store (store_id),
  KEY db_admin_tickets_expires (expires_at),
  CONSTRAINT db_admin_tickets_store_fk FOREIGN KEY (store_id) REFERENCES stores (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
