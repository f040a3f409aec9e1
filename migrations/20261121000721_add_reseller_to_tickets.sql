-- The reseller whose customer opened it: they read and answer it while the customer is theirs. Lists read along these.
ALTER TABLE tickets
  ADD COLUMN IF NOT EXISTS reseller_id BIGINT UNSIGNED NULL,
  ADD KEY IF NOT EXISTS tickets_reseller (reseller_id, id),
  ADD KEY IF NOT EXISTS tickets_reseller_moved (reseller_id, moved_at),
  ADD KEY IF NOT EXISTS tickets_reseller_waits (reseller_id, waits, moved_at),
  ADD KEY IF NOT EXISTS tickets_reseller_state (reseller_id, state, moved_at);
