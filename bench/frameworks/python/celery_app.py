"""Celery: a worker that holds one task, more that wait, one with a result."""
import importlib.metadata
import os
import subprocess
import sys
import time

import celery

url = os.environ["REDIS_URL"] + "/0"
app = celery.Celery("celery_app", broker=url, backend=url)
app.conf.update(worker_prefetch_multiplier=1, task_acks_late=True)


@app.task
def hold(seconds):
    time.sleep(seconds)


if __name__ == "__main__":
    worker = subprocess.Popen([sys.executable, "-m", "celery", "-A", "celery_app", "worker", "-c", "1", "--pool", "solo", "-E"],
                              cwd=os.path.dirname(os.path.abspath(__file__)), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ, C_FORCE_ROOT="1", PYTHONDONTWRITEBYTECODE="1"))
    try:
        hold.delay(0).get(timeout=60)
        for _ in range(3):
            hold.delay(300)
        hold.apply_async((0,), priority=9)
        hold.apply_async((0,), queue="video")
        time.sleep(2)
        print("ready " + importlib.metadata.version("celery"), flush=True)
        sys.stdin.read()
    finally:
        worker.kill()
