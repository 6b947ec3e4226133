"""Answers "count" with what a framework's own calls say of its queues, until nobody asks any more (see ../numbers.go)."""
import json
import sys


def answer(count):
    for line in sys.stdin:
        if line.strip() == "count":
            print(json.dumps(count()), flush=True)
