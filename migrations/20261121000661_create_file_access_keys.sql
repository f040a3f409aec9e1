-- Public keys that a store's owner may sign in with.
CREATE TABLE IF NOT EXISTS file_access_keys (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  store_id BIGINT UNSIGNED NOT NULL,
  name VARCHAR(100) NOT NULL,
  -- Type and key, without options and comment.
  public_key VARCHAR(2000) CHARACTER SET ascii NOT NULL,
  fingerprint VARCHAR(60) CHARACTER SET ascii NOT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY file_access_keys_once (store_id, fingerprint),
  CONSTRAINT file_access_keys_store_fk FOREIGN KEY (store_id) REFERENCES stores (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
