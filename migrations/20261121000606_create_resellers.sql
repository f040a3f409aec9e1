-- Customers who look after customers of their own: how many, how many stores, and under which name.
CREATE TABLE IF NOT EXISTS resellers (
  customer_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  max_customers INT UNSIGNED NOT NULL,
  max_stores INT UNSIGNED NOT NULL,
  -- Shown to their customers instead of ours; '' = ours.
  brand_name VARCHAR(80) NOT NULL DEFAULT '',
  brand_email VARCHAR(254) NOT NULL DEFAULT '',
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  CONSTRAINT resellers_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
