-- A pool of ports for file access, which are reached from outside.
ALTER TABLE port_allocations MODIFY pool VARCHAR(20) CHARACTER SET ascii NOT NULL
  CHECK (pool IN ('store_web','store_db_admin','staging_web','staging_db_admin','store_sftp'));
