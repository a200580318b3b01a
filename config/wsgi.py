"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from data_subjects import journal_gate  # noqa: E402 (models come after the set-up)

journal_gate.enter()
