-- Processes of the product: who is alive, and who was asked to stop so that the supervisor starts it anew.
CREATE TABLE IF NOT EXISTS service_processes (
  -- service/host/boot id/process id/start: never the same twice.
  owner VARCHAR(190) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  service VARCHAR(10) CHARACTER SET ascii NOT NULL CHECK (service IN ('web','worker')),
  -- Server or machine.
  place VARCHAR(100) NOT NULL,
  version VARCHAR(40) NOT NULL,
  pid INT UNSIGNED NOT NULL,
  -- Something starts it anew when it ends; only then it may be asked to.
  supervised BOOLEAN NOT NULL DEFAULT FALSE,
  started_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  heartbeat_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  restart_asked_at DATETIME(6) NULL,
  restart_asked_by VARCHAR(254) NOT NULL DEFAULT '',
  KEY service_processes_alive (heartbeat_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
