-- What stores used: a row per store and five minutes, and one per store and hour; both grow while their time runs.
-- Nothing is written while the server is away, so a missing row is a gap and not a zero.
CREATE TABLE IF NOT EXISTS store_usage (
  store_id BIGINT UNSIGNED NOT NULL,
  -- Seconds a row stands for: 300 or 3600.
  span SMALLINT UNSIGNED NOT NULL CHECK (span IN (300, 3600)),
  -- Its beginning.
  at DATETIME NOT NULL,
  -- Seconds that were looked at; fewer than span when the server was away in between.
  seconds INT UNSIGNED NOT NULL,
  samples INT UNSIGNED NOT NULL,
  -- Processor time of all containers.
  cpu_ms BIGINT UNSIGNED NOT NULL,
  -- Sum over the samples (divide by samples), and the highest one. Without file caches that can be dropped.
  memory_sum BIGINT UNSIGNED NOT NULL,
  memory_peak BIGINT UNSIGNED NOT NULL,
  -- Through the store's own bridge: visitors and what the shop fetches or sends.
  bytes_in BIGINT UNSIGNED NOT NULL,
  bytes_out BIGINT UNSIGNED NOT NULL,
  -- As the edge answered them.
  requests BIGINT UNSIGNED NOT NULL,
  -- Answers of 500 and above.
  errors BIGINT UNSIGNED NOT NULL,
  -- Sent to visitors by the edge: what a plan's traffic is counted by.
  bytes_served BIGINT UNSIGNED NOT NULL,
  -- Newest measurement of the store's directory; 0: not measured in this time.
  disk_bytes BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (store_id, span, at),
  -- For forgetting old rows.
  KEY store_usage_age (span, at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
