"""Addresses of the simulator. Staff only: the admin's own sign-in stands in front of each."""

from django.contrib import admin
from django.urls import path

from routing.simulator import views

staff_only = admin.site.admin_view

urlpatterns = [
    path("", staff_only(views.page), name="simulator"),
    path("write/", staff_only(views.write), name="simulator-write"),
    path("look/", staff_only(views.look), name="simulator-look"),
    path("answer/", staff_only(views.answer), name="simulator-answer"),
    path("resolve/", staff_only(views.resolve), name="simulator-resolve"),
    path("presence/", staff_only(views.change_presence), name="simulator-presence"),
]
