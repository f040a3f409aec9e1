-- Whether a reseller wants a mail when a customer of theirs writes in a ticket.
ALTER TABLE resellers ADD COLUMN IF NOT EXISTS notify_tickets BOOLEAN NOT NULL DEFAULT TRUE;
