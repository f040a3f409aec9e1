-- Who signed in or tried to, from where: the history people see, and what a new place is compared with.
CREATE TABLE IF NOT EXISTS sign_ins (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT UNSIGNED NULL,
  admin_id BIGINT UNSIGNED NULL,
  at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  address VARCHAR(45) NOT NULL,
  -- The place: /24 of an IPv4 address, /48 of an IPv6 address.
  network VARCHAR(45) NOT NULL,
  user_agent VARCHAR(255) NOT NULL DEFAULT '',
  done BOOLEAN NOT NULL,
  KEY sign_ins_customer (customer_id, id),
  KEY sign_ins_admin (admin_id, id),
  KEY sign_ins_at (at),
  CONSTRAINT sign_ins_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT sign_ins_admin_fk FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
