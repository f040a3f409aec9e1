"""The measuring half of scripts/bench: runs every part, prints one table, writes the figures as JSON.

    python3 measure.py --root R --var V --programs P --out F [--quick] [--only PART,PART]

SHOPFLEET_TEST_DATABASE_URL and BENCH_PEER_REDIS_URL name private servers; BENCH_PYTHON has RQ and Celery.
"""
import argparse, json, os, platform, subprocess, sys, threading, time

import pages, stores
from instance import Instance
from report import Report

# design.md §15: requests per second of the product this one replaces.
ORIGINAL = {"sign-up form": (649, 415), "admin overview": (146, 14), "customers list": (349, 77)}
PARTS = ("idle", "stores", "engine", "takeover", "progress", "pages", "api")
STARTED = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - STARTED:6.1f}s] {text}", file=sys.stderr, flush=True)


def example(options, name, *args, env=None):
    """Runs one of tests/examples; its last line is JSON."""
    out = subprocess.run([os.path.join(options.programs, "examples", name), *map(str, args)], capture_output=True, text=True,
                         env={**os.environ, **(env or {})}, timeout=300)
    if out.returncode:
        raise SystemExit(f"{name} failed:\n{out.stderr[-2000:]}")
    return json.loads(out.stdout.strip().splitlines()[-1])


def part_idle(options, instance, report):
    """Memory of both processes after 30 s in which nobody asks them for anything; another engine's take-over by lease is
    waited for meanwhile, which leaves the machine idle as well."""
    found = {}
    waiter = threading.Thread(target=lambda: found.update(
        example(options, "bench_takeover", 1 if options.quick else 2)))
    begun = time.monotonic()
    waiter.start()
    time.sleep(30)
    web, worker = instance.process("web").pss(), instance.process("worker").pss()
    say(f"  web {web:.1f} MB, worker {worker:.1f} MB after {time.monotonic() - begun:.0f} s")
    report.add("memory.web", "idle memory, web (PSS)", web, "MB", "≤ 30", web <= 30)
    report.add("memory.worker", "idle memory, worker (PSS)", worker, "MB", "≤ 25", worker <= 25)
    waiter.join()
    if not found:
        raise SystemExit("the take-over by lease was not measured")
    report.add("takeover.lease", f"take-over after kill -9, worker elsewhere (lease ends), longest of {found['jobs']}",
               found["longest_s"], "s", "≤ 15", found["longest_s"] <= 15, detail=found)


def part_stores(options, instance, report):
    runs = 2 if options.quick else 7
    r = stores.one_by_one(options.root, instance, runs, say)
    floor, live = r["floor_ms"], r["live_ms"]
    report.add("floor", "floor: bare store start, front page 200", floor, "ms", "–", None)
    report.add("live", f"sign-up accepted → live, median of {runs}", live, "ms", "≤ 1.5× floor", live <= 1.5 * floor
               and not r["failures"], against=f"floor {floor:.0f} ms", ratio=live / floor, detail=r)
    report.add("overhead", "control-plane overhead (live − floor)", live - floor, "ms", "≤ 400", live - floor <= 400)
    count = 10
    c = stores.at_once(instance, count)
    report.add("crowd", f"{count} sign-ups at once → last one live", c["last_ms"], "ms", f"≤ 1.2× {count}× floor, none fails",
               c["last_ms"] <= 1.2 * count * floor and not c["failures"], against=f"{count}× floor {count * floor:.0f} ms",
               ratio=c["last_ms"] / (count * floor), detail=c)
    report.add("crowd.failures", "… failures among them", c["failures"], "", "0", c["failures"] == 0)


def part_takeover(options, instance, report):
    k = stores.killed_worker(instance, 1 if options.quick else 3, say)
    longest = max(k["taken_s"])
    report.add("takeover.restart", f"take-over after kill -9, supervised restart, longest of {len(k['taken_s'])}", longest, "s",
               "≤ 15", longest <= 15 and not k["failures"], detail=k)
    # After the stores above have been idle for a moment.
    time.sleep(5)
    o = stores.occupied(options.root, instance)
    report.add("store.memory", f"memory per idle store, median of {o['stores']}", o["memory_mb"], "MB", "reported", None, detail=o)
    report.add("store.disk", "disk per new store, median", o["disk_mb"], "MB", "reported", None)


def peer(options, *args):
    python = os.environ.get("BENCH_PYTHON")
    if not python:
        return {"error": "RQ and Celery could not be installed"}
    here = os.path.dirname(os.path.abspath(__file__))
    out = subprocess.run([python, os.path.join(here, "peers.py"), args[0], os.environ["BENCH_PEER_REDIS_URL"], *map(str, args[1:])],
                         capture_output=True, text=True, timeout=180, cwd=here)
    if out.returncode:
        say(f"  {args[0]} failed: {out.stderr.strip()[-300:]}")
        return {"error": out.stderr.strip()[-300:]}
    return json.loads(out.stdout.strip().splitlines()[-1])


def part_engine(options, _instance, report):
    quick = options.quick
    default = peer(options, "rq-default", 60 if quick else 300)
    simple = peer(options, "rq-simple", 300 if quick else 2000)
    celeries = [peer(options, "celery", 1000 if quick else 5000, n) for n in (1, 2)]
    celery = max(celeries, key=lambda c: c.get("per_second", 0))
    e = example(options, "bench_engine", 2000 if quick else 10_000)
    if e["innodb_flush_log_at_trx_commit"] != 1:
        raise SystemExit("the engine must be measured with durable commits")
    first, rate = e["enqueue_to_first_step_ms"], e["noop_jobs_per_second"]["median"]
    rq_start = default.get("start_ms")
    against = f"RQ {rq_start:.1f} ms" if rq_start else "RQ not measured"
    report.add("first_step.p50", "enqueue → first step, p50", first["p50"], "ms", "≤ 3", first["p50"] <= 3, against=against,
               ratio=first["p50"] / rq_start if rq_start else None, detail=e)
    report.add("first_step.p99", "enqueue → first step, p99", first["p99"], "ms", "≤ 15", first["p99"] <= 15)
    of_rq = default.get("per_second")
    report.add("engine.rate", "no-op jobs, one worker", rate, "/s", "≥ 3,000", rate >= 3000)
    report.add("engine.rq", "… against RQ's default worker", rate, "/s", "≥ 20× RQ", bool(of_rq) and rate >= 20 * of_rq,
               against=f"RQ {of_rq:.0f}/s" if of_rq else default["error"], ratio=rate / of_rq if of_rq else None, detail=default)
    for key, name, other in (("rq_simple", "RQ SimpleWorker", simple),
                             ("celery", f"Celery (prefork {celery.get('processes', '?')}, the better of 1 and 2)", celery)):
        theirs = other.get("per_second")
        report.add(f"engine.{key}", f"… against {name}", rate, "/s", "reported", None,
                   against=f"{theirs:.0f}/s" if theirs else other["error"], ratio=rate / theirs if theirs else None,
                   detail=celeries if key == "celery" else other)


def part_progress(options, instance, report):
    env = {"BENCH_DATABASE_URL": instance.owner_url(), "BENCH_REDIS_URL": instance.up["redis_url"]}
    seconds = 5 if options.quick else 15
    few = example(options, "bench_progress", instance.web, 20, 1, 1000, seconds, env=env)
    web = instance.process("web")
    before, begun = web.cpu(), time.monotonic()
    many = example(options, "bench_progress", instance.web, 200, 10, 1000, seconds, env=env)
    many["web_cores"] = round((web.cpu() - before) / (time.monotonic() - begun), 2)
    many["web_pss_after_mb"] = round(web.pss(), 1)
    for key, name, r in (("few", "20 watchers of 20 jobs", few), ("many", "2,000 watchers of 200 jobs", many)):
        delay = r["written_to_received_ms"]
        whole = r["complete_watchers"] == r["watchers"] and r["deliveries"] == r["lines"] * r["watchers"] // r["jobs"]
        report.add(f"progress.{key}", f"line written → received, 1,000 lines/s, {name}, p99", delay["p99"], "ms",
                   "≤ 150, all delivered", delay["p99"] <= 150 and whole, against=f"p50 {delay['p50']:.1f} ms", detail=r)
        report.add(f"progress.{key}.complete", "… watchers that got every line in order", r["complete_watchers"], "",
                   f"{r['watchers']}", whole)


def part_pages(options, instance, report):
    results = pages.measure(instance, options.programs, 1.5 if options.quick else 5, 6, say)
    for name, by_size in results.items():
        small, large = by_size["1000"], by_size["50000"]
        original, original_large = ORIGINAL[name]
        report.add(f"page.{name}.1k", f"{name}, 1,000 customers: requests per CPU second of web", small["per_web_cpu_s"], "/s",
                   "≥ 20× original", small["per_web_cpu_s"] >= 20 * original, against=f"original {original}/s",
                   ratio=small["per_web_cpu_s"] / original, detail=small)
        report.add(f"page.{name}.50k", f"{name}, 50,000 customers: requests per CPU second of web", large["per_web_cpu_s"], "/s",
                   "reported", None, against=f"original {original_large}/s", ratio=large["per_web_cpu_s"] / original_large,
                   detail=large)
        slower = small["per_whole_cpu_s"] / large["per_whole_cpu_s"]
        report.add(f"page.{name}.flat", f"{name}: CPU per request (web, MariaDB, Redis), 50,000 ÷ 1,000 customers", slower, "×",
                   "≤ 1.5", slower <= 1.5, against=f"original {original / original_large:.1f}×")
        report.add(f"page.{name}.rate", f"{name}: requests/s at 1,000 and at 50,000, {6} connections", small["per_second"], "/s",
                   "reported", None, against=f"{large['per_second']:.0f}/s at 50,000")


def part_api(options, instance, report):
    """One web process of its own among 50,000 customers; durable commits, as in production."""
    r = example(options, "bench_api", 6 if options.quick else 30)
    mixed, alone, beside, sign_ins = (r[k] for k in ("mixed", "page_alone", "page_beside_sign_ins", "sign_ins"))
    wrong = sum(part["wrong"] for part in (mixed, alone, beside, sign_ins))
    say(f"  p95 {mixed['p95_ms']:.1f} ms; page {alone['p95_ms']:.1f} ms alone, {beside['p95_ms']:.1f} ms beside sign-ins; {wrong} wrong")
    report.add("api.p95", f"API, mixed reads at {r['rate']:.0f}/s among 50,000 customers: p95", mixed["p95_ms"], "ms", "≤ 50",
               mixed["p95_ms"] <= 50 and not wrong, detail=r)
    report.add("api.sign_in", f"a page while {r['sign_ins_per_second']:.0f} people sign in each second: p95", beside["p95_ms"], "ms",
               "≤ 100", beside["p95_ms"] <= 100, against=f"alone {alone['p95_ms']:.1f} ms")
    check = r["rights_check"]
    report.add("api.rights", "rights check from the database, among 50,000 customers: p95", check["p95_ms"], "ms", "≤ 1",
               check["p95_ms"] <= 1, against=f"p50 {check['p50_ms']:.2f} ms")


def version(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip().splitlines()[0]
    except (OSError, IndexError, subprocess.SubprocessError):
        return "unknown"


def machine(root):
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) / 1024 / 1024
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), "unknown")
    changed = version("git", "-C", root, "status", "--porcelain", "--untracked-files=no") not in ("", "unknown")
    return {"cores": os.cpu_count(), "processor": model, "memory_gib": round(memory, 1), "kernel": platform.release(),
            "docker": version("docker", "version", "--format", "{{.Server.Version}}"), "mariadb": version("mariadbd", "--version"),
            "redis": version("redis-server", "--version"), "load_at_start": os.getloadavg()[0],
            "build": os.environ.get("BENCH_BUILD", "release"),
            "commit": version("git", "-C", root, "rev-parse", "--short", "HEAD") + (" and changes" if changed else ""),
            "at": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())}


def main():
    p = argparse.ArgumentParser()
    for name in ("root", "var", "programs", "out"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--quick", action="store_true")
    p.add_argument("--only", default=",".join(PARTS))
    options = p.parse_args()
    wanted = options.only.split(",")
    if set(wanted) - set(PARTS):
        raise SystemExit(f"parts are {', '.join(PARTS)}")
    report = Report(machine(options.root), options.quick)
    instance = Instance(options.var)
    for part in PARTS:
        if part in wanted:
            say(part)
            try:
                globals()["part_" + part](options, instance, report)
            except (Exception, SystemExit) as error:
                # One part that does not work is a failure, and no reason to measure nothing else.
                report.failed(part, error)
                say(f"  FAILED: {error}")
    report.seconds = round(time.monotonic() - STARTED)
    report.write(options.out)
    print(report.table())
    sys.exit(0 if report.all_well() else 1)


if __name__ == "__main__":
    main()
