"""Reads a stream from its beginning, and waits for more. It remembers by itself how far it has come."""
from connect import connect

server = connect()
last = "0"
print("ready", flush=True)
while True:
    for _, entries in server.xread({"orders": last}, count=10, block=1000):
        for last, order in entries:
            print("seen", last.decode(), flush=True)
