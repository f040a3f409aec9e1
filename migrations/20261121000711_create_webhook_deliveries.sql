-- An event on its way to one receiver, written in the transaction of the change it tells of.
CREATE TABLE IF NOT EXISTS webhook_deliveries (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  webhook_id BIGINT UNSIGNED NOT NULL,
  -- evt_…: the same for every receiver and every try, so that a receiver knows what it has seen.
  event_id VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
  -- What is posted, as it is signed.
  body TEXT NOT NULL,
  state VARCHAR(10) CHARACTER SET ascii NOT NULL DEFAULT 'pending' CHECK (state IN ('pending','delivered','failed')),
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  next_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  -- A process is sending it until then.
  lease_until DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  finished_at DATETIME(6) NULL,
  UNIQUE KEY webhook_deliveries_event (webhook_id, event_id),
  KEY webhook_deliveries_due (webhook_id, state, next_at),
  KEY webhook_deliveries_list (webhook_id, id),
  KEY webhook_deliveries_age (created_at),
  CONSTRAINT webhook_deliveries_webhook_fk FOREIGN KEY (webhook_id) REFERENCES webhooks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
