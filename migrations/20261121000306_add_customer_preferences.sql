-- What owners choose on their account page.
ALTER TABLE customers
  ADD COLUMN IF NOT EXISTS name VARCHAR(80) NOT NULL DEFAULT '',
  ADD COLUMN IF NOT EXISTS time_zone VARCHAR(40) CHARACTER SET ascii NOT NULL DEFAULT 'UTC',
  -- '' = whatever the browser's cookie says.
  ADD COLUMN IF NOT EXISTS theme VARCHAR(8) CHARACTER SET ascii NOT NULL DEFAULT '',
  -- Mails that may be turned off; those about the account's safety may not.
  ADD COLUMN IF NOT EXISTS notify_new_place BOOLEAN NOT NULL DEFAULT TRUE,
  ADD COLUMN IF NOT EXISTS notify_store BOOLEAN NOT NULL DEFAULT TRUE;
