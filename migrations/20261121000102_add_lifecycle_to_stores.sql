-- Visitors see the maintenance page; and why a suspended store is suspended (kept afterwards as the last time's).
ALTER TABLE stores
  ADD COLUMN IF NOT EXISTS maintenance BOOLEAN NOT NULL DEFAULT FALSE,
  -- What visitors are told: a word of a closed list.
  ADD COLUMN IF NOT EXISTS suspend_cause VARCHAR(12) CHARACTER SET ascii NOT NULL DEFAULT 'other',
  -- What the owner is told, in staff's words.
  ADD COLUMN IF NOT EXISTS suspend_reason VARCHAR(500) NOT NULL DEFAULT '';
