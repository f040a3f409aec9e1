-- A store that is offered to another customer, who has seven days to take it.
CREATE TABLE IF NOT EXISTS store_transfers (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii NOT NULL UNIQUE,
  store_id BIGINT UNSIGNED NOT NULL,
  -- Who offers it.
  customer_id BIGINT UNSIGNED NOT NULL,
  -- Whom it is offered to: an address, whether or not there is an account; and as it is compared.
  to_email VARCHAR(254) NOT NULL,
  to_email_key VARCHAR(254) NOT NULL,
  state VARCHAR(10) CHARACTER SET ascii NOT NULL DEFAULT 'offered'
    CHECK (state IN ('offered','accepted','done','declined','withdrawn','expired')),
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  expires_at DATETIME(6) NOT NULL,
  ended_at DATETIME(6) NULL,
  -- One open offer of a store at a time.
  open_store_id BIGINT UNSIGNED AS (IF(state IN ('offered','accepted'), store_id, NULL)) STORED,
  UNIQUE KEY store_transfers_open (open_store_id),
  KEY store_transfers_to (to_email_key, state),
  KEY store_transfers_from (customer_id),
  CONSTRAINT store_transfers_store_fk FOREIGN KEY (store_id) REFERENCES stores (id),
  CONSTRAINT store_transfers_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
