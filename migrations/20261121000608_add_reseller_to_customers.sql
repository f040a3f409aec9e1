-- Whose customer they are; NULL = ours.
ALTER TABLE customers
  ADD COLUMN IF NOT EXISTS reseller_id BIGINT UNSIGNED NULL,
  ADD KEY IF NOT EXISTS customers_reseller (reseller_id, id);
