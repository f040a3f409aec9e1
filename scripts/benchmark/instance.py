"""A private instance as the benchmark sees it: its address, database, processes and sign-up forms."""
import email, email.policy, glob, html, http.client, json, os, re, subprocess, threading, time, urllib.parse


class Sql:
    """One `mariadb` client kept open, as root over the socket; answers rows of strings."""

    def __init__(self, socket, database="shopfleet"):
        self.lock = threading.Lock()
        self.client = subprocess.Popen(
            ["mariadb", "--no-defaults", "--socket=" + socket, "--user=root", "--batch", "--skip-column-names", "--raw",
             "--unbuffered", database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def rows(self, statement):
        with self.lock:
            self.client.stdin.write(statement + ";\nSELECT '--end--';\n")
            self.client.stdin.flush()
            rows = []
            for line in self.client.stdout:
                if line.rstrip("\n") == "--end--":
                    return rows
                rows.append(line.rstrip("\n").split("\t"))
        raise SystemExit(f"the database refused: {statement[:300]}")

    def one(self, statement):
        rows = self.rows(statement)
        return rows[0][0] if rows else None


class Process:
    """A running program by its process id."""

    def __init__(self, pid):
        self.pid = pid

    def cpu(self):
        """Seconds of CPU so far, all threads."""
        with open(f"/proc/{self.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def pss(self):
        """Proportional memory in MB (10^6 bytes)."""
        with open(f"/proc/{self.pid}/smaps_rollup") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("Pss:")) * 1024 / 1e6


class Instance:
    def __init__(self, var):
        self.var = var
        with open(os.path.join(var, "up.json")) as f:
            self.up = json.load(f)
        self.web = self.up["web_url"].removeprefix("http://").rstrip("/")
        self.edge = self.up["edge_url"].removeprefix("http://").rstrip("/")
        self.sql = Sql(self.up["mariadb_socket"])

    def process(self, name):
        with open(os.path.join(self.var, "run", name + ".json")) as f:
            return Process(json.load(f)["pid"])

    def owner_url(self):
        with open(os.path.join(self.var, "secrets/database-owner-password")) as f:
            password = f.read().strip()
        return f"mysql://shopfleet_owner:{password}@localhost/shopfleet?socket={urllib.parse.quote(self.up['mariadb_socket'], safe='')}"

    def edge_page(self, host, path="/"):
        name, _, port = self.edge.partition(":")
        c = http.client.HTTPConnection(name, int(port), timeout=15)
        try:
            c.request("GET", path, headers={"Host": f"{host}:{port}"})
            answer = c.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            c.close()


class Browser:
    """Cookies and forms; `address` is the loopback address it comes from, because limits count per address."""

    def __init__(self, instance, address):
        self.instance, self.cookies = instance, {}
        name, _, port = instance.web.partition(":")
        self.connection = http.client.HTTPConnection(name, int(port), timeout=30, source_address=(address, 0))

    def ask(self, method, path, form=None):
        headers = {"Accept": "text/html", "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
                   "Host": self.instance.web}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.instance.up["web_url"].rstrip("/")}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode(errors="replace")
        for key, value in answer.getheaders():
            if key.lower() == "set-cookie":
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.partition(";")[0]
        return answer.status, answer.getheader("location", ""), text

    def form(self, path):
        status, _, text = self.ask("GET", path)
        if status != 200:
            raise SystemExit(f"GET {path} answered {status}")
        found = {}
        for tag in re.findall(r"<input[^>]*>", text):
            if 'type="hidden"' in tag:
                at = {k: html.unescape(v) for k, v in re.findall(r'([a-z]+)="([^"]*)"', tag)}
                if "name" in at:
                    found[at["name"]] = at.get("value", "")
        return found

    def close(self):
        self.connection.close()


class SignUp:
    """One visitor from the form to the confirmation; `verify` is the moment the measured time begins."""

    def __init__(self, instance, number, word="bench"):
        self.instance = instance
        self.email = f"{word}-{number}-{os.urandom(3).hex()}@example.com"
        self.title = f"Bench {word} {number}"
        self.browser = Browser(instance, f"127.0.{number // 200 + 1}.{number % 200 + 2}")

    def prepare(self):
        """Fills in the form and waits for the mail."""
        form = self.browser.form("/signup")
        form |= {"email": self.email, "password": "correct horse battery 9", "store_name": self.title,
                 "platform": "woocommerce", "plan": "trial"}
        status, to, text = self.browser.ask("POST", "/signup", form)
        if status != 303:
            words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
            raise SystemExit(f"the sign-up was answered {status}: {words[:400]}")
        self.link = self.mail()
        self.form = self.browser.form(self.link.removeprefix(self.instance.up["web_url"].rstrip("/")))
        return self

    def mail(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for path in glob.glob(self.instance.up["mail_dir"] + "/new/*"):
                with open(path, "rb") as f:
                    message = email.message_from_bytes(f.read(), policy=email.policy.default)
                if self.email in (message["To"] or ""):
                    found = re.search(r"https?://\S+/verify\?token=\S+", message.get_body(("plain",)).get_content())
                    if found:
                        return found.group(0)
            time.sleep(0.05)
        raise SystemExit(f"no confirmation mail for {self.email} within 30 s")

    def verify(self):
        """Confirms; returns the job's public id and how long the answer took, ms."""
        begun = time.monotonic()
        status, to, text = self.browser.ask("POST", "/verify", self.form)
        took = (time.monotonic() - begun) * 1000
        self.answered = time.monotonic()
        if status != 303 or "/setup/" not in to:
            raise SystemExit(f"the confirmation was answered {status} to {to!r}: {text[:300]}")
        self.job = to.rsplit("/", 1)[1]
        self.browser.close()
        return took

    def wait(self, limit=180):
        """Waits for the end; returns (state, ms from the job's row to its end by the database, ms from the answer of
        POST /verify to the end as seen here)."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            state, ms = self.instance.sql.rows(
                "SELECT state, COALESCE(TIMESTAMPDIFF(MICROSECOND, created_at, finished_at) / 1000, 0) "
                f"FROM jobs WHERE uid = '{self.job}'")[0]
            if state in ("finished", "failed", "cancelled"):
                return state, float(ms), (time.monotonic() - self.answered) * 1000
            time.sleep(0.005)
        return "not over", limit * 1000.0, limit * 1000.0

    def host(self):
        return self.instance.sql.one(
            "SELECT a.host FROM store_addresses a JOIN jobs j ON j.store_id = a.store_id "
            f"WHERE j.uid = '{self.job}' AND a.kind = 'platform'")

    def is_live(self):
        """Whether the shop answers at the edge with its own title."""
        status, page = self.instance.edge_page(self.host())
        return status == 200 and f"<title>{self.title}" in page
