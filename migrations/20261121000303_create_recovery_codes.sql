-- Single-use codes for a lost phone; only their SHA-256 is kept.
CREATE TABLE IF NOT EXISTS recovery_codes (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  factor_id BIGINT UNSIGNED NOT NULL,
  code_hash BINARY(32) NOT NULL,
  used_at DATETIME(6) NULL,
  UNIQUE KEY recovery_codes_code (factor_id, code_hash),
  CONSTRAINT recovery_codes_factor_fk FOREIGN KEY (factor_id) REFERENCES second_factors (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
