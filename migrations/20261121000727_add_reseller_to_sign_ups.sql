-- The reseller by whose link this browser signed up: theirs when the sign-up is confirmed.
ALTER TABLE sign_ups ADD COLUMN IF NOT EXISTS reseller_id BIGINT UNSIGNED NULL;
