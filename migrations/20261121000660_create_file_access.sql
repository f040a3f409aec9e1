-- File access (SFTP) of a store while it is started, open or stopped; no row: it is closed.
CREATE TABLE IF NOT EXISTS file_access (
  store_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  state VARCHAR(10) CHARACTER SET ascii NOT NULL DEFAULT 'starting' CHECK (state IN ('starting','running','stopping')),
  -- Raised when keys or password change: the container is made again, which ends every session of before.
  version INT UNSIGNED NOT NULL DEFAULT 1,
  -- The server's public key as people compare it; kept per store, so that it is the same the next time.
  host_key VARCHAR(120) CHARACTER SET ascii NOT NULL DEFAULT '',
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  running_at DATETIME(6) NULL,
  -- Somebody was signed in when the server looked.
  used_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  CONSTRAINT file_access_store_fk FOREIGN KEY (store_id) REFERENCES stores (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
