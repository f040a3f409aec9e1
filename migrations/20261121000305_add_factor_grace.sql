-- From when the days count that staff have for setting up a second factor.
ALTER TABLE admins ADD COLUMN IF NOT EXISTS factor_grace_from DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6);
