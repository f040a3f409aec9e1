-- The application adds to the audit log; all it may change is to take a person out (its rights are on these columns only):
-- a name becomes "erased", an address nothing, and the rest stays. What the details may become is looked at with the chain.
CREATE TRIGGER IF NOT EXISTS audit_events_erased_only BEFORE UPDATE ON audit_events FOR EACH ROW
IF NEW.number <> OLD.number OR NEW.at <> OLD.at OR NEW.actor_kind <> OLD.actor_kind OR NOT (NEW.actor_id <=> OLD.actor_id)
  OR NEW.role <> OLD.role OR NEW.action <> OLD.action OR NEW.target_kind <> OLD.target_kind OR NEW.target_id <> OLD.target_id
  OR NEW.outcome <> OLD.outcome OR NEW.request_id <> OLD.request_id OR NEW.prev_hash <> OLD.prev_hash OR NEW.hash <> OLD.hash
  OR BINARY NEW.actor_name NOT IN (BINARY OLD.actor_name, 'erased') OR NEW.address NOT IN (OLD.address, '')
  OR NEW.erased_at IS NULL
THEN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit log is only added to';
END IF;
