from django.db import migrations


class Migration(migrations.Migration):
    """A published notice version can neither change nor go: the database refuses."""

    dependencies = [("processing_register", "0001_initial")]
    operations = [
        migrations.RunSQL(
            sql="""
            CREATE FUNCTION casedesk_refuse_published() RETURNS trigger
            LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'a published notice version cannot change'
                    USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE TRIGGER noticeversion_frozen
                BEFORE UPDATE OR DELETE ON processing_register_noticeversion
                FOR EACH ROW WHEN (OLD.published_at IS NOT NULL)
                EXECUTE FUNCTION casedesk_refuse_published();
            """,
            reverse_sql="""
            DROP TRIGGER noticeversion_frozen ON processing_register_noticeversion;
            DROP FUNCTION casedesk_refuse_published();
            """,
        )
    ]
