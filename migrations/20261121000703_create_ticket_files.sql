-- Files of messages, sealed: every web process can serve them, nothing of them is on a disk that a web server serves from.
CREATE TABLE IF NOT EXISTS ticket_files (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message_id BIGINT UNSIGNED NOT NULL,
  -- As its sender called it, cleaned; only ever shown and offered for saving.
  name VARCHAR(120) NOT NULL,
  -- By its content, never by its name.
  media VARCHAR(60) CHARACTER SET ascii NOT NULL,
  size INT UNSIGNED NOT NULL,
  key_id VARCHAR(16) CHARACTER SET ascii NOT NULL,
  sealed LONGBLOB NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY ticket_files_uid (uid),
  KEY ticket_files_message (message_id),
  KEY ticket_files_key (key_id),
  CONSTRAINT ticket_files_message_fk FOREIGN KEY (message_id) REFERENCES ticket_messages (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
