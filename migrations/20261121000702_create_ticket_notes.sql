-- What staff say among themselves about a ticket. Never the customer's to read: no page, mail, answer of the API or
-- export of theirs looks into this table.
CREATE TABLE IF NOT EXISTS ticket_notes (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ticket_id BIGINT UNSIGNED NOT NULL,
  admin_id BIGINT UNSIGNED NULL,
  author_name VARCHAR(120) NOT NULL DEFAULT '',
  body TEXT NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY ticket_notes_uid (uid),
  KEY ticket_notes_ticket (ticket_id, id),
  CONSTRAINT ticket_notes_ticket_fk FOREIGN KEY (ticket_id) REFERENCES tickets (id) ON DELETE CASCADE,
  CONSTRAINT ticket_notes_admin_fk FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
