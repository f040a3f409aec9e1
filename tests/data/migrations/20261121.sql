INSERT INTO customers (uid, email, email_key, password_hash, state) VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'Ana@example.com', 'ana@example.com', 'x', 'active');
INSERT INTO servers (name, state) VALUES ('old-1', 'active');
INSERT INTO port_allocations (server_id, port, pool) VALUES (1, 8001, 'store_web'), (1, 8002, 'store_web');
INSERT INTO stores (uid, customer_id, plan_id, server_id, platform, name, slug, state) VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FB0', 1, 1, 1, 'woocommerce', 'Ana''s Bikes', 'anas-bikes', 'active');
INSERT INTO store_addresses (host, store_id, skeleton) VALUES ('anas-bikes.shops.localhost', 1, 'anasbikes.shops.iocaihost');
INSERT INTO jobs (uid, kind, args, state, server_id, store_id, customer_id, exclusive) VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FB1', 'provision_store', '{"store_id":1}', 'finished', 1, 1, 1, TRUE), ('01ARZ3NDEKTSV4RRFFQ69G5FB2', 'noop', '{}', 'queued', NULL, NULL, NULL, FALSE);
INSERT INTO job_steps (job_id, attempt, name, position, title, state, output) VALUES (1, 1, 'reserve', 0, 'Reserve', 'finished', '{"port":8001}');
INSERT INTO job_lines (job_id, seq, attempt, step, level, audience, at, text) VALUES (1, 1, 1, 'reserve', 1, 1, '2026-11-21 00:00:00.000', 'Reserved');
