"""Stores: the floor, one sign-up after the other, ten at once, a killed worker, what a store occupies."""
import importlib.machinery, importlib.util, json, os, shutil, signal, statistics, subprocess, threading, time

from instance import SignUp


def load_floor(root):
    loader = importlib.machinery.SourceFileLoader("floor", os.path.join(root, "scripts/floor"))
    spec = importlib.util.spec_from_loader("floor", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def one_by_one(root, instance, runs, say):
    """Floor and sign-up in turns, so that both meet the same machine."""
    floor = load_floor(root)
    with open(os.path.join(instance.var, "images.json")) as f:
        images = json.load(f)
    work = os.path.join(instance.var, "floor")
    os.makedirs(work, exist_ok=True)
    source = floor.template(images, work)
    # "Images warm": the template is unpacked once per server, caches are filled.
    floor.one(images, source, work, 250)
    warm = SignUp(instance, 0, "warm").prepare()
    warm.verify()
    if warm.wait()[0] != "finished":
        raise SystemExit("the first store did not become live; see the worker's log")
    floors, lives, seen, answers, wrong = [], [], [], [], 0
    try:
        for n in range(runs):
            floors.append(floor.one(images, source, work, n))
            visit = SignUp(instance, n + 1).prepare()
            time.sleep(0.3)
            answers.append(visit.verify())
            state, ms, here = visit.wait()
            lives.append(ms)
            seen.append(here)
            wrong += state != "finished" or not visit.is_live()
            say(f"  run {n + 1}: floor {floors[-1]:.0f} ms, sign-up {ms:.0f} ms ({state})")
    finally:
        for top in floor.LEFT:
            shutil.rmtree(top, ignore_errors=True)
    steps = instance.sql.rows(
        "SELECT s.name, ROUND(AVG(TIMESTAMPDIFF(MICROSECOND, s.started_at, s.finished_at)) / 1000) FROM job_steps s "
        "JOIN jobs j ON j.id = s.job_id WHERE j.kind = 'provision_store' AND s.state = 'finished' "
        "GROUP BY s.name, s.position ORDER BY s.position")
    return {"floor_ms": statistics.median(floors), "floors_ms": floors, "live_ms": statistics.median(lives),
            "lives_ms": lives, "seen_ms": statistics.median(seen), "verify_answer_ms": statistics.median(answers),
            "failures": wrong, "mean_step_ms": {name: float(ms) for name, ms in steps}}


def at_once(instance, count):
    """All confirmations in the same moment; the time is from the first job's row to the last one's end."""
    visits = [SignUp(instance, 100 + n, "crowd").prepare() for n in range(count)]
    barrier = threading.Barrier(count)

    def confirm(visit):
        barrier.wait()
        visit.verify()

    threads = [threading.Thread(target=confirm, args=(v,)) for v in visits]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    states = [v.wait()[0] for v in visits]
    uids = ",".join(f"'{v.job}'" for v in visits)
    last = float(instance.sql.one(
        f"SELECT TIMESTAMPDIFF(MICROSECOND, MIN(created_at), MAX(finished_at)) / 1000 FROM jobs WHERE uid IN ({uids})"))
    wrong = sum(state != "finished" for state in states) + sum(not v.is_live() for v in visits)
    return {"count": count, "last_ms": last, "failures": wrong}


def killed_worker(instance, runs, say):
    """kill -9 of the worker in the middle of a set-up; the supervisor starts the next one."""
    taken, over, wrong = [], [], 0
    for n in range(runs):
        visit = SignUp(instance, 150 + n, "killed").prepare()
        visit.verify()
        of = f"FROM jobs WHERE uid = '{visit.job}'"
        while instance.sql.one(f"SELECT current_step {of}") not in ("containers", "healthy"):
            time.sleep(0.01)
        owner = instance.sql.one(f"SELECT lease_owner {of}")
        os.kill(instance.process("worker").pid, signal.SIGKILL)
        at = time.monotonic()
        while instance.sql.one(f"SELECT lease_owner {of}") in (owner, "NULL"):
            if time.monotonic() - at > 60:
                raise SystemExit("nobody took the killed worker's job within a minute")
            time.sleep(0.005)
        taken.append(time.monotonic() - at)
        state, _, _ = visit.wait()
        over.append(time.monotonic() - at)
        wrong += state != "finished" or not visit.is_live()
        say(f"  killed worker {n + 1}: taken over after {taken[-1]:.2f} s, live after {over[-1]:.2f} s ({state})")
    return {"taken_s": taken, "live_s": over, "failures": wrong}


def occupied(root, instance):
    """Memory of an idle store's containers and disk of its directory; medians over all stores of the instance."""
    floor = load_floor(root)
    by_store = {}
    server = instance.up["server"]
    listed = floor.api("GET", "/containers/json?filters=" + json.dumps(
        {"label": [f"io.shopfleet.server={server}"]}).replace(" ", "").replace('"', "%22"))
    for container in listed:
        usage = floor.api("GET", f"/containers/{container['Id']}/stats?stream=false&one-shot=true")["memory_stats"]
        stats = usage.get("stats", {})
        # As `docker stats` shows it: without file pages that can be dropped at once.
        used = usage["usage"] - stats.get("inactive_file", stats.get("total_inactive_file", 0))
        service = container["Labels"].get("com.docker.compose.service", "?")
        by_store.setdefault(container["Labels"]["io.shopfleet.store"], {})[service] = used / 1e6
    disks = []
    stores = os.path.join(instance.var, "stores")
    for name in os.listdir(stores):
        if name.startswith("store-") and os.path.isdir(os.path.join(stores, name)):
            out = subprocess.run(["du", "-s", "-B1", os.path.join(stores, name)], capture_output=True, text=True, check=True)
            disks.append(int(out.stdout.split()[0]) / 1e6)
    services = sorted({s for store in by_store.values() for s in store})
    return {"stores": len(by_store), "memory_mb": statistics.median(sum(s.values()) for s in by_store.values()),
            "memory_by_service_mb": {s: statistics.median(v.get(s, 0) for v in by_store.values()) for s in services},
            "disk_mb": statistics.median(disks)}
