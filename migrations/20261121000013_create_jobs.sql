-- The truth about work. Redis only wakes somebody up.
CREATE TABLE IF NOT EXISTS jobs (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(40) CHARACTER SET ascii NOT NULL,
  -- Version of args; a newer number than the worker knows is left for a newer worker.
  schema_version SMALLINT UNSIGNED NOT NULL DEFAULT 1,
  backend VARCHAR(16) CHARACTER SET ascii NOT NULL DEFAULT 'docker',
  -- NULL: any worker.
  server_id BIGINT UNSIGNED NULL,
  store_id BIGINT UNSIGNED NULL,
  customer_id BIGINT UNSIGNED NULL,
  -- Ids and choices, never secrets.
  args JSON NOT NULL,
  state VARCHAR(12) CHARACTER SET ascii NOT NULL DEFAULT 'queued' CHECK (state IN ('queued','started','retrying','finished','failed','cancelled')),
  -- 'undo' once the job has given up and is taking back what it did.
  phase VARCHAR(6) CHARACTER SET ascii NOT NULL DEFAULT 'apply' CHECK (phase IN ('apply','undo')),
  priority TINYINT UNSIGNED NOT NULL DEFAULT 1 CHECK (priority <= 2),
  attempt INT UNSIGNED NOT NULL DEFAULT 0,
  max_attempts INT UNSIGNED NOT NULL DEFAULT 5,
  -- Times a lease ended because the worker died; three and it is not run again.
  crashes INT UNSIGNED NOT NULL DEFAULT 0,
  run_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  deadline_at DATETIME(6) NULL,
  lease_owner VARCHAR(96) CHARACTER SET ascii NULL,
  lease_until DATETIME(6) NULL,
  epoch BIGINT UNSIGNED NOT NULL DEFAULT 0,
  current_step VARCHAR(40) CHARACTER SET ascii NOT NULL DEFAULT '',
  progress TINYINT UNSIGNED NOT NULL DEFAULT 0,
  last_seq INT UNSIGNED NOT NULL DEFAULT 0,
  error_code VARCHAR(40) CHARACTER SET ascii NOT NULL DEFAULT '',
  -- Words for the owner; detail is for staff.
  error_reason VARCHAR(500) NOT NULL DEFAULT '',
  error_detail TEXT NULL,
  -- TRUE while a failed job left something behind that its undo could not remove.
  cleanup_pending BOOLEAN NOT NULL DEFAULT FALSE,
  cancel_requested_at DATETIME(6) NULL,
  correlation_id VARCHAR(36) CHARACTER SET ascii NOT NULL DEFAULT '',
  requested_by VARCHAR(80) NOT NULL DEFAULT 'system',
  -- Same key, same job: a second insert is refused by the index.
  unique_key VARCHAR(120) CHARACTER SET ascii NULL,
  -- Jobs that change a store exclude each other.
  exclusive BOOLEAN NOT NULL DEFAULT FALSE,
  changing_store_id BIGINT UNSIGNED AS (IF(exclusive AND state IN ('queued','started','retrying'), store_id, NULL)) STORED,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  started_at DATETIME(6) NULL,
  attempt_started_at DATETIME(6) NULL,
  finished_at DATETIME(6) NULL,
  updated_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  UNIQUE KEY jobs_uid (uid),
  UNIQUE KEY jobs_unique_key (unique_key),
  UNIQUE KEY jobs_one_change_per_store (changing_store_id),
  -- The sweep: what is due for a server.
  KEY jobs_due (state, server_id, run_at),
  KEY jobs_lease (state, lease_until),
  KEY jobs_store (store_id, id),
  KEY jobs_customer (customer_id, id),
  KEY jobs_state_id (state, id),
  KEY jobs_kind_state (kind, state, id),
  KEY jobs_owner (lease_owner),
  KEY jobs_finished (finished_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
