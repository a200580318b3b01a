# One image for every process; docker-compose.yml gives each its command.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    STATIC_ROOT=/srv/static

# The application runs as a user who owns nothing but DATA_DIR.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin casedesk \
    && install -d -o casedesk -g casedesk -m 0750 /data /data/run

# What WeasyPrint draws the PDF of a notice with.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        fonts-liberation libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/casedesk
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes \
    -r requirements.lock
COPY . .

# Static files belong to the image, so that a new version never serves old ones. The
# values count for this one command; the database is not reached.
RUN SITE_URL=http://localhost SECRET_KEY=unused LINK_KEY=unused ADDRESS_KEY=unused \
    FIELD_KEYS=unused LEDGER_KEY=unused DATABASE_URL=postgres://unused/unused \
    REDIS_URL=redis://unused EMAIL_URL=smtp://unused \
    python manage.py collectstatic --noinput --verbosity=0

USER casedesk
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "-c", "config/gunicorn.py", "config.wsgi:application", \
     "--bind", "0.0.0.0:8000"]
