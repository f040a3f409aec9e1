-- Role of who ordered the last suspension: what staff stopped, no reseller starts. '' = before this was kept, as staff's.
ALTER TABLE stores ADD COLUMN IF NOT EXISTS suspended_by VARCHAR(16) NOT NULL DEFAULT '' AFTER suspend_reason;
