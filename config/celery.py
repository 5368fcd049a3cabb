"""The Celery application. A task is a drain: it takes no argument and finds its work in rows."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("relaydesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Celery warns root at length, for messages could carry code. Ours are JSON, and say nothing at all.
warnings.filterwarnings("ignore", category=SecurityWarning)
