-- What was sent, keyed so that no notice leaves twice.
CREATE TABLE IF NOT EXISTS mail_messages (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  unique_key VARCHAR(120) CHARACTER SET ascii NOT NULL,
  customer_id BIGINT UNSIGNED NULL,
  template VARCHAR(40) CHARACTER SET ascii NOT NULL,
  recipient VARCHAR(254) NOT NULL,
  subject VARCHAR(255) NOT NULL,
  state VARCHAR(10) NOT NULL DEFAULT 'sending' CHECK (state IN ('sending','sent','failed')),
  error VARCHAR(500) NOT NULL DEFAULT '',
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  sent_at DATETIME(6) NULL,
  UNIQUE KEY mail_messages_key (unique_key),
  KEY mail_messages_customer (customer_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
