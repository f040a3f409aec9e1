-- Plans that a reseller's customers may have.
CREATE TABLE IF NOT EXISTS reseller_plans (
  customer_id BIGINT UNSIGNED NOT NULL,
  plan_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (customer_id, plan_id),
  KEY reseller_plans_plan (plan_id),
  CONSTRAINT reseller_plans_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT reseller_plans_plan_fk FOREIGN KEY (plan_id) REFERENCES plans (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
