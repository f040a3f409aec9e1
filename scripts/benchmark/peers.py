"""No-op jobs of RQ and Celery on a private Redis. Runs in the virtual environment that scripts/bench makes.

    python peers.py rq-default|rq-simple|celery REDIS_URL JOBS [PROCESSES]

Jobs are in the queue before the worker begins, and only working them off counts: enqueueing them is free for the
peers, while Shopfleet's own figure contains it.
"""
import json, os, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))


def noop():
    return time.time()


def rq(kind, url, jobs):
    import redis
    from rq import Queue
    from rq.registry import FinishedJobRegistry
    connection = redis.Redis.from_url(url)
    connection.flushdb()
    queue = Queue("bench", connection=connection)
    made = [queue.enqueue("peers.noop", result_ttl=600) for _ in range(jobs)]
    command = [os.path.join(os.path.dirname(sys.executable), "rq"), "worker", "--burst", "--quiet", "--url", url, "--path", HERE]
    if kind == "rq-simple":
        command += ["--worker-class", "rq.worker.SimpleWorker"]
    subprocess.run([*command, "bench"], check=True, cwd=HERE, stdout=subprocess.DEVNULL)
    done = len(FinishedJobRegistry(queue=queue))
    if done != jobs:
        raise SystemExit(f"RQ finished {done} of {jobs} jobs")
    first, last = made[0], made[-1]
    first.refresh()
    last.refresh()
    result = {"per_second": jobs / (last.ended_at - first.started_at).total_seconds(), "jobs": jobs}
    if kind == "rq-default":
        # From enqueue to the start of the job's own code, one at a time on an idle worker.
        worker = subprocess.Popen([*[c for c in command if c != "--burst"], "bench"], cwd=HERE, stdout=subprocess.DEVNULL)
        try:
            time.sleep(1.5)
            delays = []
            for _ in range(30):
                before = time.time()
                job = queue.enqueue("peers.noop", result_ttl=600)
                while job.get_status(refresh=True) != "finished":
                    time.sleep(0.002)
                delays.append((job.return_value() - before) * 1000)
                time.sleep(0.01)
        finally:
            worker.terminate()
            worker.wait()
        delays.sort()
        result["start_ms"] = delays[len(delays) // 2]
    return result


def celery(url, jobs, processes):
    import redis
    from celery import Celery
    app = Celery("peers", broker=url)
    app.conf.task_ignore_result = True
    task = app.task(name="peers.noop")(noop)
    connection = redis.Redis.from_url(url)
    connection.flushdb()
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "--quiet", "-A", "celery_app", "worker", "-c", str(processes), "-Q", "idle",
         "-l", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"],
        cwd=HERE, env={**os.environ, "BENCH_REDIS_URL": url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while not app.control.inspect(timeout=0.5).ping():
            if time.monotonic() > end:
                raise SystemExit("the Celery worker does not answer")
        with app.producer_pool.acquire(block=True) as producer:
            for _ in range(jobs):
                task.apply_async(producer=producer, queue="bench")
        begun = time.monotonic()
        app.control.add_consumer("bench", reply=False)
        while connection.llen("bench") or connection.hlen("unacked"):
            time.sleep(0.005)
            if time.monotonic() - begun > 120:
                raise SystemExit("Celery did not finish within two minutes")
        return {"per_second": jobs / (time.monotonic() - begun), "jobs": jobs, "processes": processes}
    finally:
        worker.terminate()
        worker.wait()


if __name__ == "__main__":
    kind, url, jobs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    print(json.dumps(celery(url, jobs, int(sys.argv[4])) if kind == "celery" else rq(kind, url, jobs)))
