-- What customer and staff wrote to each other: everything here is the customer's to read.
CREATE TABLE IF NOT EXISTS ticket_messages (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ticket_id BIGINT UNSIGNED NOT NULL,
  -- 1, 2, 3 … per ticket.
  seq INT UNSIGNED NOT NULL,
  author VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (author IN ('customer','staff')),
  admin_id BIGINT UNSIGNED NULL,
  -- The name it was signed with.
  author_name VARCHAR(120) NOT NULL DEFAULT '',
  source VARCHAR(6) CHARACTER SET ascii NOT NULL DEFAULT 'panel' CHECK (source IN ('panel','mail','api')),
  body TEXT NOT NULL,
  -- Message-ID of a mail that came in, for the thread in mail programs.
  mail_id VARCHAR(250) CHARACTER SET ascii NULL,
  -- SHA-256 that tells a mail that is delivered twice.
  mail_hash BINARY(32) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY ticket_messages_uid (uid),
  UNIQUE KEY ticket_messages_seq (ticket_id, seq),
  UNIQUE KEY ticket_messages_mail (mail_hash),
  CONSTRAINT ticket_messages_ticket_fk FOREIGN KEY (ticket_id) REFERENCES tickets (id) ON DELETE CASCADE,
  CONSTRAINT ticket_messages_admin_fk FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
