-- A store's database page while it is started, runs or is stopped; no row: there is none.
CREATE TABLE IF NOT EXISTS db_admin_pages (
  store_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  state VARCHAR(10) CHARACTER SET ascii NOT NULL DEFAULT 'starting' CHECK (state IN ('starting','running','stopping')),
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  -- Verified and open since.
  running_at DATETIME(6) NULL,
  CONSTRAINT db_admin_pages_store_fk FOREIGN KEY (store_id) REFERENCES stores (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
