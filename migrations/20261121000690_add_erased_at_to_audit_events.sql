-- An account's erasure takes the person out of the events about them: names, addresses and details become blanks, and the
-- seal is an HMAC over what is left together with the former hash, so that only an erasure of ours passes for one.
ALTER TABLE audit_events
  ADD COLUMN IF NOT EXISTS erased_at DATETIME(6) NULL,
  ADD COLUMN IF NOT EXISTS seal BINARY(32) NULL;
