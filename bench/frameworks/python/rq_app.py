"""RQ: a worker that holds one job; others wait, have failed, or are scheduled."""
import importlib.metadata
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import redis
import rq

here = os.path.dirname(os.path.abspath(__file__))
connection = redis.Redis.from_url(os.environ["REDIS_URL"])
queue = rq.Queue("high", connection=connection)
worker = subprocess.Popen([sys.executable, "-c", "import os,redis,rq;c=redis.Redis.from_url(os.environ['REDIS_URL']);rq.Worker(['high'],connection=c).work(with_scheduler=True)"],
                          cwd=here, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    queue.enqueue("time.sleep", 0)
    queue.enqueue("no.such.function")
    time.sleep(3)
    held = queue.enqueue("time.sleep", 300)
    queue.enqueue("time.sleep", 0)
    queue.enqueue("time.sleep", 0, depends_on=held)
    queue.enqueue_in(timedelta(hours=1), "time.sleep", 0)
    time.sleep(2)
    print("ready " + importlib.metadata.version("rq"), flush=True)
    sys.stdin.read()
finally:
    for _ in range(2):  # the second time it kills the process of the job that it holds, which is in a session of its own
        worker.send_signal(signal.SIGTERM)
        time.sleep(1.5)
    worker.wait(timeout=10)
