from django.db import migrations

# In the arguments of the trigger stand the columns that may change until the end.
WORK = """
CREATE FUNCTION casedesk_keep_work_on_record() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.finished_at IS NOT NULL
       OR to_jsonb(NEW) - TG_ARGV <> to_jsonb(OLD) - TG_ARGV THEN
        RAISE EXCEPTION 'on record: % on % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retentionrun_on_record
    BEFORE UPDATE OR DELETE ON governance_retentionrun
    FOR EACH ROW EXECUTE FUNCTION casedesk_keep_work_on_record(
        'finished_at', 'removed_count', 'skipped_count', 'problem');
CREATE TRIGGER proofstransfer_on_record
    BEFORE UPDATE OR DELETE ON governance_proofstransfer
    FOR EACH ROW EXECUTE FUNCTION casedesk_keep_work_on_record(
        'finished_at', 'manifest_digest');
"""
WORK_REVERSE = """
DROP TRIGGER proofstransfer_on_record ON governance_proofstransfer;
DROP TRIGGER retentionrun_on_record ON governance_retentionrun;
DROP FUNCTION casedesk_keep_work_on_record();
"""

# "sent" and "withheld" are ends for the message, too, so that what is compared cannot
# move meanwhile. The period is the one that manage.py load_register put there.
DELIVERIES = """
CREATE FUNCTION casedesk_keep_notice_delivery() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    message_state text;
    kept_for interval;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'waiting' AND NEW.email_id IS NULL THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a notice delivery begins as waiting'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        SELECT period::interval INTO kept_for
          FROM processing_register_retentionrule WHERE key = 'notice-delivery';
        IF OLD.settled_at < now() - kept_for THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'a notice delivery is kept until its period is over'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state IN ('sent', 'withheld') THEN
        -- Its message may go before it: that has a shorter period.
        IF to_jsonb(NEW) - 'email_id' = to_jsonb(OLD) - 'email_id'
           AND (NEW.email_id IS NULL OR NEW.email_id = OLD.email_id) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a settled notice delivery cannot change'
            USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT state INTO message_state
      FROM outbox_outgoingemail WHERE id = NEW.email_id;
    IF (NEW.id, NEW.change_id, NEW.data_subject_id)
       IS DISTINCT FROM (OLD.id, OLD.change_id, OLD.data_subject_id)
       OR OLD.email_id IS NOT NULL AND NEW.email_id IS DISTINCT FROM OLD.email_id
          AND NEW.email_id IS NOT NULL
       OR NEW.state = 'waiting' AND OLD.state <> 'waiting'
       OR NEW.state = 'sent' AND message_state IS DISTINCT FROM 'sent'
       OR NEW.state = 'withheld' AND message_state <> 'withheld' THEN
        RAISE EXCEPTION 'a notice delivery says what its message says'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER noticedelivery_on_record
    BEFORE INSERT OR UPDATE OR DELETE ON governance_noticedelivery
    FOR EACH ROW EXECUTE FUNCTION casedesk_keep_notice_delivery();
"""
DELIVERIES_REVERSE = """
DROP TRIGGER noticedelivery_on_record ON governance_noticedelivery;
DROP FUNCTION casedesk_keep_notice_delivery();
"""


class Migration(migrations.Migration):
    """What was done stays on record: runs and transfers once they have ended, and to
    whom a notice went for as long as the register says. Never is one made up."""

    dependencies = [
        ("governance", "0006_name_what_was_covered"),
        ("outbox", "0001_initial"),
        ("processing_register", "0003_register"),
    ]

    operations = [
        migrations.RunSQL(sql=WORK, reverse_sql=WORK_REVERSE),
        migrations.RunSQL(sql=DELIVERIES, reverse_sql=DELIVERIES_REVERSE),
    ]
