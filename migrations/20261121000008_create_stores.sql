-- A shop. The row outlives the shop as its record.
CREATE TABLE IF NOT EXISTS stores (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  customer_id BIGINT UNSIGNED NOT NULL,
  plan_id BIGINT UNSIGNED NOT NULL,
  server_id BIGINT UNSIGNED NULL,
  platform VARCHAR(16) NOT NULL CHECK (platform IN ('woocommerce','magento')),
  name VARCHAR(80) NOT NULL,
  slug VARCHAR(40) CHARACTER SET ascii NOT NULL,
  currency CHAR(3) CHARACTER SET ascii NOT NULL DEFAULT 'EUR',
  country CHAR(2) CHARACTER SET ascii NOT NULL DEFAULT 'DE',
  state VARCHAR(20) NOT NULL DEFAULT 'requested' CHECK (state IN ('requested','provisioning','active','suspended','failed','deleting','deleted')),
  -- Raised at every claim of a job of this store; nothing happens under an old one.
  epoch BIGINT UNSIGNED NOT NULL DEFAULT 0,
  -- What the verified shop is made of, for people and for the reconciler.
  facts JSON NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  active_at DATETIME(6) NULL,
  -- Deletion asked for; it happens after this moment unless cancelled.
  delete_after DATETIME(6) NULL,
  deleted_at DATETIME(6) NULL,
  updated_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  UNIQUE KEY stores_uid (uid),
  KEY stores_customer (customer_id, id),
  KEY stores_state (state, id),
  KEY stores_server (server_id, state),
  KEY stores_delete_after (delete_after),
  CONSTRAINT stores_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id),
  CONSTRAINT stores_plan_fk FOREIGN KEY (plan_id) REFERENCES plans (id),
  CONSTRAINT stores_server_fk FOREIGN KEY (server_id) REFERENCES servers (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
