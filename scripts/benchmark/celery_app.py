"""The Celery worker's side of peers.py."""
import os

from celery import Celery
from peers import noop

app = Celery("peers", broker=os.environ["BENCH_REDIS_URL"])
app.conf.task_ignore_result = True
app.task(name="peers.noop")(noop)
