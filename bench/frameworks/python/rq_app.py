"""RQ: a worker that holds one job; others wait, have failed, or are scheduled. With "unattended" nobody works."""
import importlib.metadata
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta, timezone

import redis
import rq

from counting import answer

here = os.path.dirname(os.path.abspath(__file__))
connection = redis.Redis.from_url(os.environ["REDIS_URL"])
queue = rq.Queue("high", connection=connection)
unattended = "unattended" in sys.argv


def count():
    first = queue.get_jobs(0, 1)
    said = {"queue": queue.name, "waiting": queue.count, "in_flight": queue.started_job_registry.count,
            "delayed": queue.scheduled_job_registry.count + queue.deferred_job_registry.count, "dead": queue.failed_job_registry.count}
    if first:
        said["oldest_at"] = first[0].enqueued_at.replace(tzinfo=timezone.utc).timestamp()
    return [said]


def work():
    queue.enqueue("time.sleep", 0)
    queue.enqueue("no.such.function")
    time.sleep(3)
    held = queue.enqueue("time.sleep", 300)
    queue.enqueue("time.sleep", 0, depends_on=held)
    time.sleep(1)


worker = None
try:
    if not unattended:
        worker = subprocess.Popen([sys.executable, "-c", "import os,redis,rq;c=redis.Redis.from_url(os.environ['REDIS_URL']);rq.Worker(['high'],connection=c).work(with_scheduler=True)"],
                                  cwd=here, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        work()
    for _ in range(3):
        queue.enqueue("time.sleep", 0)
    queue.enqueue_in(timedelta(hours=1), "time.sleep", 0)
    time.sleep(1)
    print("ready " + importlib.metadata.version("rq"), flush=True)
    answer(count)
finally:
    for _ in range(2 if worker else 0):  # the second time it kills the process of the job that it holds, which is in a session of its own
        worker.send_signal(signal.SIGTERM)
        time.sleep(1.5)
    if worker:
        worker.wait(timeout=10)
