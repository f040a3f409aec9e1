-- A machine with a worker.
CREATE TABLE IF NOT EXISTS servers (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(63) CHARACTER SET ascii NOT NULL,
  state VARCHAR(16) NOT NULL DEFAULT 'joining' CHECK (state IN ('joining','active','draining','maintenance','offline','removed')),
  -- Platforms whose images the worker has found, comma separated.
  platforms VARCHAR(120) NOT NULL DEFAULT '',
  store_limit INT UNSIGNED NOT NULL DEFAULT 500,
  heartbeat_at DATETIME(6) NULL,
  -- Why the server can't take work now ('' = it can): Docker down, disk full, ...
  unfit_reason VARCHAR(255) NOT NULL DEFAULT '',
  -- Last self-report: versions, images, memory, disk, load.
  facts JSON NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY servers_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
