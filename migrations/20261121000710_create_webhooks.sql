-- Where programs of others want to be told. customer_id NULL: the panel's own, told of everything.
CREATE TABLE IF NOT EXISTS webhooks (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  customer_id BIGINT UNSIGNED NULL,
  url VARCHAR(500) CHARACTER SET ascii NOT NULL,
  note VARCHAR(80) NOT NULL DEFAULT '',
  -- Comma-separated kinds, for FIND_IN_SET.
  events VARCHAR(300) CHARACTER SET ascii NOT NULL,
  state VARCHAR(8) CHARACTER SET ascii NOT NULL DEFAULT 'active' CHECK (state IN ('active','paused')),
  paused_reason VARCHAR(200) NOT NULL DEFAULT '',
  key_id VARCHAR(16) CHARACTER SET ascii NOT NULL,
  sealed VARBINARY(200) NOT NULL,
  -- The secret before, which signs as well until then.
  old_key_id VARCHAR(16) CHARACTER SET ascii NULL,
  old_sealed VARBINARY(200) NULL,
  old_until DATETIME(6) NULL,
  -- Attempts that failed since the last one that did not.
  failures INT UNSIGNED NOT NULL DEFAULT 0,
  failing_since DATETIME(6) NULL,
  -- Nothing is tried before: a receiver that fails is asked less often.
  hold_until DATETIME(6) NULL,
  last_success_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY webhooks_uid (uid),
  KEY webhooks_customer (customer_id, id),
  KEY webhooks_state (state, hold_until),
  CONSTRAINT webhooks_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
