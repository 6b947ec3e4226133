"""Flask-Session: three visitors."""
import importlib.metadata
import os
import sys

import flask
import flask_session
import redis

app = flask.Flask(__name__)
app.config.update(SESSION_TYPE="redis", SESSION_REDIS=redis.Redis.from_url(os.environ["REDIS_URL"]))
flask_session.Session(app)


@app.route("/")
def index():
    flask.session["seen"] = 1
    return "ok"


for _ in range(3):
    app.test_client().get("/")
print("ready " + importlib.metadata.version("flask-session"), flush=True)
sys.stdin.read()
