-- A time-based code per person. The secret is sealed; one that is being set up waits beside an active one and never replaces it.
CREATE TABLE IF NOT EXISTS second_factors (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT UNSIGNED NULL,
  admin_id BIGINT UNSIGNED NULL,
  key_id VARCHAR(16) CHARACTER SET ascii NULL,
  sealed VARBINARY(255) NULL,
  confirmed_at DATETIME(6) NULL,
  -- The newest 30-second step a code was accepted for: each is accepted once.
  last_step BIGINT UNSIGNED NOT NULL DEFAULT 0,
  pending_key_id VARCHAR(16) CHARACTER SET ascii NULL,
  pending_sealed VARBINARY(255) NULL,
  pending_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY second_factors_customer (customer_id),
  UNIQUE KEY second_factors_admin (admin_id),
  CONSTRAINT second_factors_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT second_factors_admin_fk FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
