"""The Celery application. A task is a drain: it takes no argument and finds its work in rows."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("relaydesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
