-- The mail log's filters; each ends in the id, so that a page is read in order and stops.
ALTER TABLE mail_messages
  ADD INDEX IF NOT EXISTS mail_messages_state (state, id),
  ADD INDEX IF NOT EXISTS mail_messages_recipient (recipient, id);
