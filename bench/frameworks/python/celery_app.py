"""Celery: a worker that holds one task, more that wait, one with a result. With "unattended" nobody works."""
import importlib.metadata
import os
import subprocess
import sys
import time

import celery

from counting import answer

url = os.environ["REDIS_URL"] + "/0"
app = celery.Celery("celery_app", broker=url, backend=url)
app.conf.update(worker_prefetch_multiplier=1, task_acks_late=True)


@app.task
def hold(seconds):
    time.sleep(seconds)


def count():
    """The broker's count of each queue, all priorities together, and what the workers say that they hold."""
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        said = [{"queue": name, "waiting": channel.queue_declare(name, passive=True).message_count} for name in ("celery", "video")]
    workers = app.control.inspect(timeout=2)
    held = sum(len(tasks) for part in (workers.active(), workers.reserved(), workers.scheduled()) for tasks in (part or {}).values())
    return said + ([{"queue": "", "in_flight": held}] if held else [])


def fill(seconds):
    for _ in range(3):
        hold.delay(seconds)
    hold.apply_async((0,), priority=9)
    hold.apply_async((0,), queue="video")


if __name__ == "__main__":
    worker = None
    try:
        if "unattended" not in sys.argv:
            worker = subprocess.Popen([sys.executable, "-m", "celery", "-A", "celery_app", "worker", "-c", "1", "-E"],
                                      cwd=os.path.dirname(os.path.abspath(__file__)), stdin=subprocess.DEVNULL, start_new_session=True,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ, C_FORCE_ROOT="1", PYTHONDONTWRITEBYTECODE="1"))
            hold.delay(0).get(timeout=60)
            hold.apply_async((0,), countdown=3600)  # a worker takes it at once and keeps it
            time.sleep(1)
        fill(300)
        time.sleep(2)
        print("ready " + importlib.metadata.version("celery"), flush=True)
        answer(count)
    finally:
        if worker:
            os.killpg(worker.pid, 9)
