-- Accounts that staff closed before are forgotten like those their owners closed, after the wait in which they can be opened.
UPDATE customers SET close_after = NOW(6) + INTERVAL 7 DAY WHERE state = 'closed' AND erased_at IS NULL AND close_after IS NULL;
