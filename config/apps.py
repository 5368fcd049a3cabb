"""The composition root as an application, and Django's admin under our own site."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class CompositionConfig(AppConfig):
    name = "config"
    default = True


class ConsoleConfig(admin_apps.AdminConfig):
    """The supervisors' console in place of Django's stock site."""

    default = False
    default_site = "config.admin_site.ConsoleSite"
