"""Pages at 1,000 and 50,000 customers: seed by SQL, then a keep-alive load on one page after the other."""
import hashlib, json, os, subprocess, time

PAGES = [("sign-up form", "/signup"), ("admin overview", "/admin"), ("customers list", "/admin/customers")]
PER_SERVER = 500


def seed(sql, first, last):
    """Customers first..last, each with a store, its address and its finished (1 in 100: failed) set-up. The servers
    they are on have no worker and no platform, so that nobody works on them."""
    servers = -(-last // PER_SERVER)
    sql.rows(f"INSERT IGNORE INTO servers (name, state, store_limit, heartbeat_at) SELECT CONCAT('seed-', seq), 'active', "
             f"{2 * PER_SERVER}, NOW(6) + INTERVAL 1 HOUR FROM seq_1_to_{servers}")
    plan = sql.one("SELECT MIN(id) FROM plans")
    sequence = f"seq_{first}_to_{last}"
    for at in range(first, last + 1, 10_000):
        s = f"seq_{at}_to_{min(at + 9_999, last)}"
        sql.rows(f"INSERT INTO customers (uid, email, email_key, password_hash, state, email_verified_at, created_at) SELECT "
                 f"CONCAT('01C', LPAD(seq, 23, '0')), CONCAT('seed-', seq, '@example.com'), CONCAT('seed-', seq, '@example.com'), "
                 f"'-', 'active', NOW(6), NOW(6) - INTERVAL seq SECOND FROM {s}")
        sql.rows(f"INSERT INTO stores (uid, customer_id, plan_id, server_id, platform, name, slug, state, created_at, active_at) "
                 f"SELECT CONCAT('01S', LPAD(q.seq, 23, '0')), c.id, {plan}, v.id, 'woocommerce', CONCAT('Seeded shop ', q.seq), "
                 f"CONCAT('seeded-', q.seq), IF(q.seq % 100 = 7, 'failed', 'active'), NOW(6), NOW(6) FROM {s} q "
                 f"JOIN customers c ON c.uid = CONCAT('01C', LPAD(q.seq, 23, '0')) "
                 f"JOIN servers v ON v.name = CONCAT('seed-', CEIL(q.seq / {PER_SERVER}))")
        sql.rows(f"INSERT INTO store_addresses (host, store_id, skeleton) SELECT CONCAT(slug, '.seed.example'), id, "
                 f"CONCAT(slug, '.seed.example') FROM stores WHERE uid BETWEEN CONCAT('01S', LPAD({at}, 23, '0')) AND "
                 f"CONCAT('01S', LPAD({min(at + 9_999, last)}, 23, '0'))")
        sql.rows(f"INSERT INTO jobs (uid, kind, args, server_id, store_id, customer_id, state, attempt, progress, error_code, "
                 f"error_reason, started_at, attempt_started_at, finished_at) SELECT CONCAT('01J', SUBSTRING(s.uid, 4)), "
                 f"'provision_store', '{{}}', s.server_id, s.id, s.customer_id, IF(s.state = 'failed', 'failed', 'finished'), 1, 100, "
                 f"IF(s.state = 'failed', 'seeded', ''), IF(s.state = 'failed', 'A seeded failure', ''), NOW(6), NOW(6), NOW(6) "
                 f"FROM stores s WHERE s.uid BETWEEN CONCAT('01S', LPAD({at}, 23, '0')) AND "
                 f"CONCAT('01S', LPAD({min(at + 9_999, last)}, 23, '0'))")
    sql.rows("ANALYZE TABLE customers, stores, store_addresses, jobs, servers")
    got = int(sql.one("SELECT COUNT(*) FROM jobs WHERE uid LIKE '01J000%' AND kind = 'provision_store'"))
    if got != last:
        raise SystemExit(f"seeding made {got} jobs instead of {last} ({sequence})")


def staff_cookie(instance):
    """Signs the administrator in as a browser does."""
    from instance import Browser
    browser = Browser(instance, "127.0.0.1")
    form = browser.form("/admin/login")
    with open(instance.up["admin_password_file"]) as f:
        form |= {"email": instance.up["admin_email"], "password": f.read().strip()}
    status, to, _ = browser.ask("POST", "/admin/login", form)
    if status != 303:
        raise SystemExit(f"the administrator's sign-in was answered {status}")
    browser.close()
    return "; ".join(f"{k}={v}" for k, v in browser.cookies.items())


def load(instance, programs, path, cookie, seconds, connections):
    watched = {name: instance.process(name) for name in ("web", "mariadb", "redis")}
    command = [os.path.join(programs, "examples/bench_load"), instance.web, path]
    subprocess.run([*command, "0.5", str(connections), cookie], capture_output=True, check=True)
    before = {name: p.cpu() for name, p in watched.items()}
    out = subprocess.run([*command, str(seconds), str(connections), cookie], capture_output=True, text=True, check=True)
    spent = {name: p.cpu() - before[name] for name, p in watched.items()}
    result = json.loads(out.stdout)
    if result["not_200"]:
        raise SystemExit(f"{path}: {result['not_200']} of {result['requests']} answers were not 200")
    result["cpu_s"] = {name: round(s, 2) for name, s in spent.items()}
    result["per_web_cpu_s"] = result["requests"] / spent["web"]
    result["per_whole_cpu_s"] = result["requests"] / sum(spent.values())
    return result


def measure(instance, programs, seconds, connections, say):
    cookie = staff_cookie(instance)
    results = {}
    first = 1
    for customers in (1_000, 50_000):
        begun = time.monotonic()
        seed(instance.sql, first, customers)
        first = customers + 1
        say(f"  {customers} customers are there ({time.monotonic() - begun:.1f} s)")
        for name, path in PAGES:
            r = load(instance, programs, path, "" if path == "/signup" else cookie, seconds, connections)
            results.setdefault(name, {})[str(customers)] = r
            say(f"  {name}: {r['per_second']:.0f}/s, {r['per_web_cpu_s']:.0f} per CPU second of web, p99 {r['p99_ms']:.1f} ms")
    return results
