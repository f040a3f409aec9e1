-- Limits and price. Money is whole cents.
CREATE TABLE IF NOT EXISTS plans (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  slug VARCHAR(40) CHARACTER SET ascii NOT NULL,
  name VARCHAR(80) NOT NULL,
  summary VARCHAR(255) NOT NULL DEFAULT '',
  price_cents BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii NOT NULL DEFAULT 'EUR',
  state VARCHAR(12) NOT NULL DEFAULT 'offered' CHECK (state IN ('offered','full','retired')),
  position INT NOT NULL DEFAULT 0,
  -- 1000 = one core, for the whole store; shared between its containers.
  cpu_millis INT UNSIGNED NOT NULL,
  web_memory_mb INT UNSIGNED NOT NULL,
  db_memory_mb INT UNSIGNED NOT NULL,
  redis_memory_mb INT UNSIGNED NOT NULL,
  pids INT UNSIGNED NOT NULL,
  disk_mb INT UNSIGNED NOT NULL,
  bandwidth_gb INT UNSIGNED NOT NULL,
  staging_limit INT UNSIGNED NOT NULL DEFAULT 1,
  backups_kept INT UNSIGNED NOT NULL DEFAULT 30,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY plans_slug (slug)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
