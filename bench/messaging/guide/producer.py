"""Adds orders to a stream: producer.py HOW-MANY."""
import sys

from connect import connect

server = connect()
for n in range(int(sys.argv[1])):
    print("added", server.xadd("orders", {"number": n, "item": "book"}).decode(), flush=True)
