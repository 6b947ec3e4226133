"""A consumer of a group: worker.py NAME [HOLD-AFTER].

It first takes up again what it was given before and never acknowledged (id 0), then what is new (">"). What it makes of an
order and the acknowledgement are one transaction, so that an order is never billed twice. With HOLD-AFTER it stops
after so many orders, between reading the next ones and acknowledging them, until it is killed."""
import sys
import time

import redis

from connect import connect

name = sys.argv[1]
left = int(sys.argv[2]) if len(sys.argv) > 2 else None
server = connect()
try:
    server.xgroup_create("orders", "billing", id="0", mkstream=True)
except redis.ResponseError as e:
    if "BUSYGROUP" not in str(e):
        raise


def handle(entry, order):
    with server.pipeline(transaction=True) as both:
        both.xadd("invoices", {"order": entry, "by": name})
        both.xack("orders", "billing", entry)
        both.execute()
    print("billed", entry.decode(), flush=True)


print("ready", flush=True)
start = "0"  # what it holds; then ">", what nobody was given
while True:
    answer = server.xreadgroup("billing", name, {"orders": start}, count=4, block=1000)
    entries = answer[0][1] if answer else []
    if start != ">":
        print("reloaded", len(entries), flush=True)
    if start != ">" and not entries:
        start = ">"
        continue
    for entry, order in entries:
        if left is not None and left == 0:
            print("holding", entry.decode(), flush=True)
            time.sleep(600)
        handle(entry, order)
        if left is not None:
            left -= 1
