"""Makes django-helpdesk's tables, a queue and somebody whose token may write. Prints both."""

import json

import desk  # noqa: F401 - configures Django
from django.contrib.auth import get_user_model
from django.core.management import call_command
from helpdesk.models import Queue
from rest_framework.authtoken.models import Token


def main() -> None:
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_superuser("ada", "ada@example.com", "unused")
    queue = Queue.objects.create(title="Orders", slug="orders", email_address="desk@example.com")
    print(json.dumps({"token": Token.objects.create(user=user).key, "queue": queue.pk}))


if __name__ == "__main__":
    main()
