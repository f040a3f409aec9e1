-- The audit page's filters: by person, by object alone, and a day's first and last number. Each ends in the number,
-- so that a page is read in order and stops.
ALTER TABLE audit_events
  ADD INDEX IF NOT EXISTS audit_events_name (actor_name, number),
  ADD INDEX IF NOT EXISTS audit_events_object (target_id, number),
  ADD INDEX IF NOT EXISTS audit_events_at (at);
