"""Makes the golden template of a WooCommerce store (called by scripts/images).

Runs the store's own database and web images once against an empty data directory, installs the
shop, asks for the pages a new shop is asked for first (so that the compiled-code cache is warm),
removes everything secret or passing, shuts the database down cleanly and imports the result as a
data-only image. Paths inside the containers are those of every store: the compiled code is only
valid under the same paths and file times.
"""
import http.client, http.cookies, json, os, secrets, shutil, subprocess, sys, tempfile, time, urllib.parse

ENV = os.environ
HERE = os.path.dirname(os.path.abspath(__file__))
WEB_UID, DB_UID = 10033, 10036
SITE = "http://template.invalid"


def tmpfs(uid):
    return [x for path in ("/tmp", "/run") for x in ("--tmpfs", f"{path}:uid={uid},gid={uid}")]


def docker(*args, **kw):
    print("+ docker", " ".join(args[:6]), flush=True)
    done = subprocess.run(["docker", *args], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)
    if done.returncode != 0:
        raise SystemExit(f"docker {args[0]} failed: {done.stderr.strip()}\n{done.stdout.strip()[-2000:]}")
    return done.stdout.strip()


def chown_tree(top, uid):
    for base, dirs, files in os.walk(top):
        os.chown(base, uid, uid, follow_symlinks=False)
        for name in files:
            os.chown(os.path.join(base, name), uid, uid, follow_symlinks=False)


def write(path, text, uid=0, gid=0, mode=0o440):
    with open(path, "w") as f:
        f.write(text)
    os.chown(path, uid, gid)
    os.chmod(path, mode)


def main():
    top = tempfile.mkdtemp(prefix="template.", dir=ENV["WORK"])
    os.chmod(top, 0o755)
    name = "sf-template-" + secrets.token_hex(4)
    made = []
    try:
        build(top, name, made)
    except BaseException:
        for c in made:
            print(f"--- {c}\n{docker_logs(c)[-3000:]}", flush=True)
        raise
    finally:
        for c in made:
            subprocess.run(["docker", "rm", "-f", "-v", c], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["docker", "network", "rm", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(top, ignore_errors=True)


def build(top, name, made):
    d = {k: os.path.join(top, k) for k in ("db/data", "db/run", "db/init", "wp-content", "opcache", "config", "tools")}
    for path in d.values():
        os.makedirs(path)
    for k in ("db/data", "db/run"):
        os.chown(d[k], DB_UID, DB_UID)
    os.chown(d["opcache"], WEB_UID, WEB_UID)
    for f in ("install.php", "login.php", "finish.php"):
        shutil.copy(os.path.join(HERE, f), d["tools"])

    # wp-content: WordPress' newest default theme, the commerce plugin when there is one, our object cache.
    dist = os.path.join(top, "dist")
    made.append(name + "-dist")
    docker("create", "--name", name + "-dist", ENV["WORDPRESS"], "/none")
    docker("cp", name + "-dist:/wp-content", dist)
    content = d["wp-content"]
    for sub in ("plugins", "themes", "uploads"):
        os.makedirs(os.path.join(content, sub))
    themes = sorted(t for t in os.listdir(os.path.join(dist, "themes")) if t.startswith("twenty") and os.path.isdir(os.path.join(dist, "themes", t)))
    years = ["twentyten", "twentyeleven", "twentytwelve", "twentythirteen", "twentyfourteen", "twentyfifteen", "twentysixteen",
             "twentyseventeen", "twentynineteen", "twentytwenty", "twentytwentyone", "twentytwentytwo", "twentytwentythree",
             "twentytwentyfour", "twentytwentyfive", "twentytwentysix", "twentytwentyseven"]
    newest = max(themes, key=lambda t: years.index(t) if t in years else -1)
    shutil.copytree(os.path.join(dist, "themes", newest), os.path.join(content, "themes", newest))
    for sub in ("", "plugins", "themes"):
        write(os.path.join(content, sub, "index.php"), "<?php\n// Silence is golden.\n", mode=0o644)
    shutil.copy(os.path.join(HERE, "object-cache.php"), content)
    if ENV["PLUGIN"]:
        shutil.copytree(ENV["PLUGIN"], os.path.join(content, "plugins", "woocommerce"))
    for base, dirs, files in os.walk(content):
        os.chmod(base, 0o755)
        for f in files:
            os.chmod(os.path.join(base, f), 0o644)
    chown_tree(content, WEB_UID)

    # Build-time secrets; none of them survives.
    password = secrets.token_hex(24)
    keys = "".join(f"define('{k}', '{secrets.token_hex(32)}');\n" for k in (
        "AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"))
    write(os.path.join(d["config"], "secrets.php"),
          f"<?php\ndefine('DB_PASSWORD', '{password}');\n{keys}define('WP_HOME', '{SITE}');\ndefine('WP_SITEURL', '{SITE}');\n", 0, WEB_UID)
    write(os.path.join(d["db/init"], "init.sql"), "\n".join([
        "CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;",
        f"CREATE OR REPLACE USER 'shop'@'%' IDENTIFIED BY '{password}';",
        "GRANT ALL PRIVILEGES ON shop.* TO 'shop'@'%';"]) + "\n", 0, DB_UID)

    # Database: system tables, then run.
    net = ["--network", name]
    docker("network", "create", "--opt", "com.docker.network.bridge.name=" + "sf-" + name[-8:], name)
    scripts = ["mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data", "maria_add_gis_sp_bootstrap"]
    system = docker("run", "--rm", "--network", "none", "--entrypoint", "/bin/cat", ENV["DB"], *(f"/usr/share/mysql/{s}.sql" for s in scripts))
    docker("run", "-i", "--rm", "--network", "none", "--read-only", *tmpfs(DB_UID),
           "-v", f"{d['db/data']}:/srv/db/data", "--entrypoint", "/usr/sbin/mariadbd", ENV["DB"],
           "--no-defaults", "--bootstrap", "--datadir=/srv/db/data", "--tmpdir=/tmp", "--enforce-storage-engine=", "--skip-name-resolve",
           "--innodb-data-file-path=ibdata1:5M:autoextend", "--innodb-log-file-size=4M", "--innodb-autoextend-increment=1",
           "--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci",
           input="CREATE DATABASE mysql;\nUSE mysql;\nSET @skip_auth_root_nopasswd=1;\nSET @auth_root_socket=NULL;\n" + system + "\n")
    start_db(name, net, d, made, "-db")
    made.append(name + "-redis")
    docker("run", "-d", "--name", name + "-redis", *net, "--network-alias", "redis", "--read-only", *tmpfs(10037), ENV["REDIS"])
    made.append(name + "-web")
    docker("run", "-d", "--name", name + "-web", *net, "-p", "127.0.0.1::8080", "--read-only", *tmpfs(WEB_UID),
           "-v", f"{content}:/srv/wordpress/wp-content", "-v", f"{d['opcache']}:/srv/opcache", "-v", f"{d['config']}:/srv/config:ro",
           "-v", f"{d['tools']}:/srv/tools:ro", "--entrypoint", "/usr/local/sbin/shopfleet-init", ENV["WEB"])
    port = int(docker("port", name + "-web", "8080/tcp").split(":")[-1].splitlines()[0])
    wait_for(lambda: docker_ok("exec", name + "-web", "php", "-r",
                               "require '/srv/config/secrets.php'; new mysqli('db','shop',DB_PASSWORD,'shop');"), "the database")

    php = ["exec", "-i", name + "-web", "php", "-d", "max_execution_time=0", "-d", "opcache.file_cache=", "-d", "opcache.enable_cli=0"]
    docker(*php, "/srv/tools/install.php", "core")
    docker(*php, "/srv/tools/install.php", "commerce")

    # Ask for what a new shop is asked for first, as a visitor and as its owner.
    login = secrets.token_hex(16)
    docker(*php, "/srv/tools/login.php", input=login + "\n")
    jar = {}
    pages = ["/", "/wp-login.php", "/feed/"]
    if ENV["PLUGIN"]:
        pages += ["/shop/", "/cart/", "/checkout/", "/my-account/"]
    for path in pages * 2:
        answer = ask(port, jar, "GET", path)
        print("GET", path, answer[0], len(answer[1]), flush=True)
        if answer[0] not in (200, 302):
            raise SystemExit(f"the template's {path} answered {answer[0]}: {answer[1][:2000]!r}\n" + docker("logs", name + "-web"))
        if path == "/shop/" and (b"woocommerce-shop" not in answer[1] or b"coming-soon" in answer[1]):
            raise SystemExit("the template's shop page is not WooCommerce's, or says that the shop is coming soon")
    form = urllib.parse.urlencode({"log": "template", "pwd": login, "wp-submit": "Log In", "redirect_to": SITE + "/wp-admin/", "testcookie": "1"})
    jar["wordpress_test_cookie"] = "WP+Cookie+check"
    status, body = ask(port, jar, "POST", "/wp-login.php", form)
    if status != 302 or not any(k.startswith("wordpress_logged_in") for k in jar):
        raise SystemExit(f"the template's owner could not log in ({status}): {body[:2000]!r}")
    for path in ["/wp-admin/"] * 2 + ["/"]:
        status, body = ask(port, jar, "GET", path)
        print("GET", path, status, len(body), flush=True)
        if status != 200:
            raise SystemExit(f"the template's {path} answered {status}")
    docker(*php[:3], "php", "/srv/shopfleet/cron.php")
    docker("stop", "-t", "10", name + "-web")
    docker("start", name + "-web")
    facts = json.loads(docker(*php, "/srv/tools/finish.php").splitlines()[-1])
    docker("stop", "-t", "10", name + "-web", name + "-redis", name + "-db")

    # Last start of the database: lock the accounts, drop the help tables, leave nothing to replay.
    write(os.path.join(d["db/init"], "init.sql"), "\n".join([
        "ALTER USER 'shop'@'%' IDENTIFIED VIA mysql_native_password USING 'invalid' ACCOUNT LOCK;",
        "CREATE OR REPLACE USER 'panel'@'localhost' IDENTIFIED VIA mysql_native_password USING 'invalid' ACCOUNT LOCK;",
        "GRANT ALL PRIVILEGES ON *.* TO 'panel'@'localhost' WITH GRANT OPTION;",
        "DELETE FROM mysql.global_priv WHERE User NOT IN ('shop', 'panel', 'mariadb.sys');",
        "DELETE FROM mysql.proxies_priv;",
        "FLUSH PRIVILEGES;", "SET GLOBAL innodb_fast_shutdown = 0;"]) + "\n", 0, DB_UID)
    start_db(name, net, d, made, "-db2")
    wait_for(lambda: "ready for connections" in docker_logs(name + "-db2"), "the database's last start")
    log = docker_logs(name + "-db2")
    if "[ERROR]" in log:
        raise SystemExit("the database's last start reported an error:\n" + log[-3000:])
    docker("stop", "-t", "60", name + "-db2")
    if docker("inspect", "-f", "{{.State.ExitCode}}", name + "-db2") != "0":
        raise SystemExit("the database did not shut down cleanly:\n" + docker_logs(name + "-db2"))
    for junk in ("ib_buffer_pool", "multi-master.info", "tc.log", "ddl_recovery.log", "ibtmp1"):
        if os.path.exists(os.path.join(d["db/data"], junk)):
            os.unlink(os.path.join(d["db/data"], junk))

    needle = [password, login] + [line.split("'")[3] for line in keys.splitlines()]
    search_for_secrets([d["db/data"], content, d["opcache"]], [n.encode() for n in needle])

    out = os.path.join(top, "out", "template")
    os.makedirs(out)
    os.chmod(os.path.join(top, "out"), 0o755)
    for src, to in ((d["db/data"], "db"), (content, "wp-content"), (d["opcache"], "opcache")):
        os.rename(src, os.path.join(out, to))
    facts.update(platform="woocommerce", site=SITE, admin_user_id=1, theme=newest,
                 uids={"web": WEB_UID, "db": DB_UID},
                 made_from={"web": ENV["WEB"], "db": ENV["DB"]}, **count(out))
    write(os.path.join(out, "manifest.json"), json.dumps(facts, indent=2) + "\n", mode=0o444)
    print(json.dumps(facts, indent=2))
    tar = subprocess.Popen(["tar", "-C", os.path.join(top, "out"), "--numeric-owner", "-c", "."], stdout=subprocess.PIPE)
    label = json.dumps(json.dumps({k: facts[k] for k in ("wordpress", "woocommerce", "php", "mariadb")}))
    docker("import", "--change", "LABEL io.shopfleet.image=template-woocommerce", "--change", f"LABEL io.shopfleet.template={label}",
           "--change", 'CMD ["/none"]', "-", ENV["TAG"], stdin=tar.stdout)
    if tar.wait() != 0:
        raise SystemExit("tar failed")


def start_db(name, net, d, made, suffix):
    made.append(name + suffix)
    docker("run", "-d", "--name", name + suffix, *net, "--network-alias", "db", "--read-only", *tmpfs(DB_UID),
           "-v", f"{d['db/data']}:/srv/db/data", "-v", f"{d['db/run']}:/srv/db/run", "-v", f"{d['db/init']}:/srv/db/init:ro",
           ENV["DB"], "--innodb-log-file-size=4M", "--innodb-autoextend-increment=1")


def docker_ok(*args):
    return subprocess.run(["docker", *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def docker_logs(name):
    return subprocess.run(["docker", "logs", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def wait_for(ok, what, limit=60):
    end = time.monotonic() + limit
    while not ok():
        if time.monotonic() > end:
            raise SystemExit(f"{what} was not ready within {limit} s")
        time.sleep(0.2)


def ask(port, jar, method, path, body=None):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Host": "template.invalid"}
    if jar:
        headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in jar.items())
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    c.request(method, path, body, headers)
    r = c.getresponse()
    for h in r.headers.get_all("Set-Cookie") or []:
        for k, m in http.cookies.SimpleCookie(h).items():
            jar[k] = m.value
    return r.status, r.read()


def search_for_secrets(dirs, needles):
    for top in dirs:
        for base, _, files in os.walk(top):
            for f in files:
                with open(os.path.join(base, f), "rb") as fh:
                    text = fh.read()
                for n in needles:
                    if n in text:
                        raise SystemExit(f"a build-time secret is left in {os.path.join(base, f)}")


def count(top):
    files = size = 0
    for base, _, names in os.walk(top):
        for n in names:
            files += 1
            size += os.lstat(os.path.join(base, n)).st_blocks * 512
    return {"files": files, "bytes": size}


if __name__ == "__main__":
    main()
