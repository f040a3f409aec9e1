-- Staff find stores by the start of their name.
ALTER TABLE stores ADD INDEX IF NOT EXISTS stores_name (name);
