-- Until now nobody could become a reseller's customer later: all their tickets were opened as such.
UPDATE tickets t JOIN customers c ON c.id = t.customer_id SET t.reseller_id = c.reseller_id
  WHERE t.reseller_id IS NULL AND c.reseller_id IS NOT NULL;
