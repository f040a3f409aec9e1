-- Which events of the audit log a reseller reads: those on or by somebody who was their customer at that moment. Beside the
-- log and not part of its chain: a page of it is read along the primary key, whoever else is busy.
CREATE TABLE IF NOT EXISTS reseller_events (
  reseller_id BIGINT UNSIGNED NOT NULL,
  number BIGINT UNSIGNED NOT NULL,
  -- The customer it is about.
  customer_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (reseller_id, number),
  KEY reseller_events_customer (customer_id, number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
