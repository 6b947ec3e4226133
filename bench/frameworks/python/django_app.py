"""Django's cache by django-redis: values, a page, a fragment and a session."""
import importlib.metadata
import os
import sys

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"], SECRET_KEY="x", ROOT_URLCONF=__name__, INSTALLED_APPS=["django.contrib.sessions"],
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    CACHES={"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": os.environ["REDIS_URL"] + "/0"}})
django.setup()

from django.core.cache import cache  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.cache import cache_page  # noqa: E402


@cache_page(600)
def page(request):
    return HttpResponse("ok")


def visit(request):
    request.session["seen"] = 1
    return HttpResponse("ok")


urlpatterns = [path("page", page), path("visit", visit)]
Client().get("/page")
Client().get("/visit")
for i in range(3):
    cache.set("user:%d" % i, {"name": "x"}, 600)
engines["django"].from_string('{% load cache %}{% cache 600 sidebar 7 %}x{% endcache %}').render()
print("ready " + importlib.metadata.version("django-redis"), flush=True)
sys.stdin.read()
