-- Those who were resellers before there were codes.
UPDATE resellers SET code = SUBSTRING(SHA2(CONCAT(UUID(), customer_id, RAND()), 256), 1, 10) WHERE code IS NULL;
