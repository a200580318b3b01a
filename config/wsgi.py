"""What gunicorn serves."""

import atexit
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()


@atexit.register
def close_database_pool() -> None:
    """An open pool holds up the end of its process for longer than gunicorn waits."""
    from django.db import connection

    connection.close_pool()
