-- Asked for by the owner; carried out after this moment unless taken back.
ALTER TABLE customers
  ADD COLUMN IF NOT EXISTS close_after DATETIME(6) NULL,
  ADD COLUMN IF NOT EXISTS erased_at DATETIME(6) NULL,
  ADD KEY IF NOT EXISTS customers_close_after (close_after);
