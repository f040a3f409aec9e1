-- Requests with an Idempotency-Key: the same key of the same caller gets the first answer again, for 24 h.
CREATE TABLE IF NOT EXISTS api_requests (
  -- SHA-256 of caller and key.
  key_hash BINARY(32) NOT NULL PRIMARY KEY,
  -- SHA-256 of verb, path and body: another request under the same key is refused.
  request_hash BINARY(32) NOT NULL,
  -- 0 while the first request is still at work.
  status SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  -- Sealed: answers may hold credentials that are shown once.
  key_id VARCHAR(16) CHARACTER SET ascii NOT NULL DEFAULT '',
  answer MEDIUMBLOB NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  KEY api_requests_age (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
