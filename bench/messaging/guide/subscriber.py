"""Listens to the channels that it is given; what contains a * is a pattern."""
import sys

from connect import connect

channels = connect().pubsub()
for name in sys.argv[1:]:
    (channels.psubscribe if "*" in name else channels.subscribe)(name)
for message in channels.listen():
    if message["type"] in ("message", "pmessage"):
        print("got", message["channel"].decode(), flush=True)
    else:
        print("ready", message["channel"].decode(), flush=True)
