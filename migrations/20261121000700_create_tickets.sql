-- A conversation between a customer and staff. What staff say among themselves is in ticket_notes, a table of its own,
-- so that no query about a conversation can show it to the customer.
CREATE TABLE IF NOT EXISTS tickets (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- T-…: what people quote.
  short_uid CHAR(6) CHARACTER SET ascii COLLATE ascii_bin AS (RIGHT(RTRIM(uid), 6)) VIRTUAL,
  customer_id BIGINT UNSIGNED NOT NULL,
  store_id BIGINT UNSIGNED NULL,
  subject VARCHAR(80) NOT NULL,
  category VARCHAR(12) CHARACTER SET ascii NOT NULL CHECK (category IN ('store','address','billing','account','other')),
  priority VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (priority IN ('low','normal','high','urgent')),
  state VARCHAR(24) CHARACTER SET ascii NOT NULL DEFAULT 'open'
    CHECK (state IN ('open','waiting_for_us','waiting_for_customer','solved','closed')),
  -- An answer of ours is due.
  waits BOOLEAN AS (state IN ('open','waiting_for_us')) STORED,
  -- Since when it is in this state; a customer who writes again while waiting keeps their place in the queue.
  moved_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  assigned_admin_id BIGINT UNSIGNED NULL,
  -- Number of the newest message; a form that answers says which one it has seen.
  last_seq INT UNSIGNED NOT NULL DEFAULT 0,
  -- The store and its last job when the ticket was opened.
  evidence JSON NOT NULL,
  first_answer_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY tickets_uid (uid),
  KEY tickets_short (short_uid),
  KEY tickets_subject (subject),
  KEY tickets_customer (customer_id, id),
  KEY tickets_moved (moved_at),
  KEY tickets_waits (waits, moved_at),
  KEY tickets_state (state, moved_at),
  KEY tickets_assigned (assigned_admin_id, moved_at),
  KEY tickets_assigned_waits (assigned_admin_id, waits, moved_at),
  KEY tickets_assigned_state (assigned_admin_id, state, moved_at),
  KEY tickets_category (category, moved_at),
  KEY tickets_category_waits (category, waits, moved_at),
  KEY tickets_category_state (category, state, moved_at),
  CONSTRAINT tickets_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id),
  CONSTRAINT tickets_store_fk FOREIGN KEY (store_id) REFERENCES stores (id),
  CONSTRAINT tickets_assigned_fk FOREIGN KEY (assigned_admin_id) REFERENCES admins (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
