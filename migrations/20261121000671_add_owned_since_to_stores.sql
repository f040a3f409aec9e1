-- When the present owner got the store from another one; NULL: it was theirs from the beginning. What was recorded of it
-- before belongs to the former owner and is in nobody else's export.
ALTER TABLE stores ADD COLUMN IF NOT EXISTS owned_since DATETIME(6) NULL;
