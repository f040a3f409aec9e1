-- A temporary password waits here, sealed, until its mail has left.
ALTER TABLE admins
  ADD COLUMN IF NOT EXISTS temporary_key_id VARCHAR(16) CHARACTER SET ascii NULL,
  ADD COLUMN IF NOT EXISTS temporary_sealed VARBINARY(255) NULL;
