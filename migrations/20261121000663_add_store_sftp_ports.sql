-- Servers that are there already get the pool of a new one; ports that something else has stay what they are.
INSERT IGNORE INTO port_allocations (server_id, port, pool)
WITH RECURSIVE n (port) AS (SELECT 12001 UNION ALL SELECT port + 1 FROM n WHERE port < 12100)
SELECT s.id, n.port, 'store_sftp' FROM servers s JOIN n;
