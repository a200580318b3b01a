from django.db import migrations

from groundwork.ledger import AppendOnly


class Migration(migrations.Migration):
    """A released update can neither change nor go: only the state of its sending may.

    It is released from "submitted" and from nowhere else, and never goes back.
    """

    dependencies = [("case_updates", "0001_initial")]
    operations = [
        AppendOnly("case_updates_step", stamped=False),
        migrations.RunSQL(
            sql="""
            CREATE FUNCTION casedesk_keep_released_update() RETURNS trigger
            LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'INSERT' OR OLD.state IN ('draft', 'submitted') THEN
                    IF NEW.state = 'sent'
                       OR NEW.state = 'sending'
                          AND (TG_OP = 'INSERT' OR OLD.state <> 'submitted') THEN
                        RAISE EXCEPTION 'a case update is released once submitted'
                            USING ERRCODE = 'restrict_violation';
                    END IF;
                    RETURN NEW;
                END IF;
                IF TG_OP = 'DELETE'
                   OR NEW.state NOT IN ('sending', 'sent')
                   OR to_jsonb(NEW) - 'state' - 'finished_at'
                      <> to_jsonb(OLD) - 'state' - 'finished_at' THEN
                    RAISE EXCEPTION 'a released case update cannot change'
                        USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER caseupdate_released
                BEFORE INSERT OR UPDATE ON case_updates_caseupdate
                FOR EACH ROW EXECUTE FUNCTION casedesk_keep_released_update();
            CREATE TRIGGER caseupdate_kept
                BEFORE DELETE ON case_updates_caseupdate
                FOR EACH ROW WHEN (OLD.published_at IS NOT NULL)
                EXECUTE FUNCTION casedesk_keep_released_update();
            """,
            reverse_sql="""
            DROP TRIGGER caseupdate_kept ON case_updates_caseupdate;
            DROP TRIGGER caseupdate_released ON case_updates_caseupdate;
            DROP FUNCTION casedesk_keep_released_update();
            """,
        ),
    ]
