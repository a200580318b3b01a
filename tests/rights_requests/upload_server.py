"""The page of upload_urls, for the real web server."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.ROOT_URLCONF = "tests.rights_requests.upload_urls"
application = get_wsgi_application()
