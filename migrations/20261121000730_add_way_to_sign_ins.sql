-- How somebody signed in, or tried to: password, password_code, recovery_code, passkey, temporary, api, mail_link. NULL for
-- sign-ins from before it was kept.
ALTER TABLE sign_ins ADD COLUMN IF NOT EXISTS way VARCHAR(20) NULL AFTER done;
