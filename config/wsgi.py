"""The web application for any WSGI server. `serve` runs config/rsgi.py, which stands on this."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
