-- Append only: hash is an HMAC over the canonical row and the previous hash.
CREATE TABLE IF NOT EXISTS audit_events (
  number BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  at DATETIME(6) NOT NULL,
  actor_kind VARCHAR(12) CHARACTER SET ascii NOT NULL,
  actor_id BIGINT UNSIGNED NULL,
  actor_name VARCHAR(254) NOT NULL,
  role VARCHAR(16) CHARACTER SET ascii NOT NULL,
  address VARCHAR(45) CHARACTER SET ascii NOT NULL,
  action VARCHAR(60) CHARACTER SET ascii NOT NULL,
  target_kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
  target_id VARCHAR(64) CHARACTER SET ascii NOT NULL,
  outcome VARCHAR(12) CHARACTER SET ascii NOT NULL CHECK (outcome IN ('done','refused','failed')),
  details JSON NOT NULL,
  request_id VARCHAR(36) CHARACTER SET ascii NOT NULL,
  prev_hash BINARY(32) NOT NULL,
  hash BINARY(32) NOT NULL,
  KEY audit_events_target (target_kind, target_id, number),
  KEY audit_events_actor (actor_kind, actor_id, number),
  KEY audit_events_action (action, number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
