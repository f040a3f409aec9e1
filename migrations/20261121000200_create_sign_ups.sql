-- A sign-up that waits for its confirmation, with the password and the store it asked for. One per address and browser:
-- several people may have typed the same address, and only the one who proves the mailbox and the password gets it.
CREATE TABLE IF NOT EXISTS sign_ups (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT UNSIGNED NOT NULL,
  -- The browser that filled in the form; email_verifications.visitor_session_id names the same one.
  visitor_session_id BIGINT UNSIGNED NOT NULL,
  store_id BIGINT UNSIGNED NOT NULL,
  password_hash VARCHAR(255) NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY sign_ups_browser (customer_id, visitor_session_id),
  KEY sign_ups_created (created_at),
  CONSTRAINT sign_ups_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT sign_ups_store_fk FOREIGN KEY (store_id) REFERENCES stores (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
