-- What stands in a reseller's own link for people who are not signed in. Public, and no secret.
ALTER TABLE resellers
  ADD COLUMN IF NOT EXISTS code VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL,
  ADD UNIQUE KEY IF NOT EXISTS resellers_code (code);
