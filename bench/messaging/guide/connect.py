"""The connection that all of these programs use, to the server at REDIS_URL."""
import os
import sys

import redis

sys.dont_write_bytecode = True


def connect():
    return redis.Redis.from_url(os.environ["REDIS_URL"], client_name=os.path.basename(sys.argv[0]).removesuffix(".py"))
