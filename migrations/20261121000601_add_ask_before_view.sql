-- Support looks at the panel of these customers with their consent only.
ALTER TABLE customers ADD COLUMN IF NOT EXISTS ask_before_view BOOLEAN NOT NULL DEFAULT FALSE;
