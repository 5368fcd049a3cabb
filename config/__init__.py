"""The composition root: it may import every app, and no app imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
