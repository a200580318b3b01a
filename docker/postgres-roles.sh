#!/bin/sh
# Runs once, when the PostgreSQL container makes its empty cluster: the three roles of
# Casedesk and its database. What each may do is granted by `manage.py prepare`.
set -eu

psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
    --set owner_password="$OWNER_PASSWORD" \
    --set app_password="$APP_PASSWORD" \
    --set mailer_password="$MAILER_PASSWORD" <<'SQL'
CREATE ROLE casedesk_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE casedesk_app LOGIN PASSWORD :'app_password';
CREATE ROLE casedesk_mailer LOGIN PASSWORD :'mailer_password';
CREATE DATABASE casedesk OWNER casedesk_owner;
REVOKE CONNECT, TEMPORARY ON DATABASE casedesk FROM PUBLIC;
GRANT CONNECT ON DATABASE casedesk TO casedesk_app, casedesk_mailer;
SQL
