-- Each form that asks for a passkey has a challenge of its own. This ties it to the browser that asked (its session, or
-- before a sign-in its visitor's cookie) and to what it was asked for: a keyed hash of both.
ALTER TABLE passkey_ceremonies
  ADD COLUMN IF NOT EXISTS bound_to BINARY(32) NULL AFTER token_hash,
  ADD KEY IF NOT EXISTS passkey_ceremonies_bound (bound_to, id);
