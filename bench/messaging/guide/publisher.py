"""Publishes to a channel: publisher.py CHANNEL HOW-MANY. It prints how many got each message."""
import sys

from connect import connect

server = connect()
for n in range(int(sys.argv[2])):
    print("heard by", server.publish(sys.argv[1], "message %d" % n), flush=True)
