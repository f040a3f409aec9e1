-- A worker process, for the health page and for taking over from a dead one on the same machine.
CREATE TABLE IF NOT EXISTS workers (
  owner VARCHAR(96) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  server_id BIGINT UNSIGNED NOT NULL,
  version VARCHAR(40) NOT NULL,
  pid INT UNSIGNED NOT NULL,
  running INT UNSIGNED NOT NULL DEFAULT 0,
  started_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  heartbeat_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  stopped_at DATETIME(6) NULL,
  KEY workers_server (server_id, heartbeat_at),
  CONSTRAINT workers_server_fk FOREIGN KEY (server_id) REFERENCES servers (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
