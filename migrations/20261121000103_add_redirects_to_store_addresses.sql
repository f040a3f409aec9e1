-- A store that changes its address holds the new one as 'next' until it answers there, and the former one as a
-- redirect for a while.
ALTER TABLE store_addresses
MODIFY COLUMN kind VARCHAR(12) NOT NULL DEFAULT 'platform' CHECK (kind IN ('platform','custom','next','former')),
-- Of a former address: how long it still leads to the present one.
ADD COLUMN IF NOT EXISTS redirect_until DATETIME(6) NULL;
