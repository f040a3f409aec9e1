-- A reseller answers the tickets of their customers.
ALTER TABLE ticket_messages
  MODIFY COLUMN author VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (author IN ('customer','staff','reseller'));
