-- Every try of a delivery, as its owner sees it.
CREATE TABLE IF NOT EXISTS webhook_attempts (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  delivery_id BIGINT UNSIGNED NOT NULL,
  number INT UNSIGNED NOT NULL,
  at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  took_ms INT UNSIGNED NOT NULL,
  -- NULL: no answer.
  status SMALLINT UNSIGNED NULL,
  error VARCHAR(300) NOT NULL DEFAULT '',
  -- The beginning of the answer, as text.
  answer VARCHAR(1100) NOT NULL DEFAULT '',
  KEY webhook_attempts_delivery (delivery_id, id),
  CONSTRAINT webhook_attempts_delivery_fk FOREIGN KEY (delivery_id) REFERENCES webhook_deliveries (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
