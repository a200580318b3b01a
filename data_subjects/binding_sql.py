"""The triggers and policies by which a restriction binds (data_subjects.binding).

Whoever changes the table that they are made from, or adds a place or a field with
somebody's data, adds a migration that runs bind() once more; a test compares with what
the database has. A column that a trigger looks at is altered or dropped between unbind()
and bind().

Everything is filled from names of our own: nothing that anybody typed comes in here.
"""

from typing import Any

from django.db import connection, models

from data_subjects.binding import ALL_FIELDS, WITHHOLD, Binding, bindings
from groundwork.holdings import Holding
from groundwork.restricted_rows import DESPITE, ONLY_USABLE

AGAIN = "casedesk_withhold_again_"
KEEP = "casedesk_keep_restricted_"
EVERYBODY, MAILER_POLICY, USE_POLICY, ADDING_POLICY = (
    "restriction_everybody",
    "restriction_mailer",
    "restriction_use",
    "restriction_mailer_adds",
)
EDIT_TRIGGER, REMOVE_TRIGGER, AGAIN_TRIGGER = (
    "restriction_edit",
    "restriction_remove",
    "restriction_again",
)
TRIGGERS = (EDIT_TRIGGER, REMOVE_TRIGGER, AGAIN_TRIGGER)
POLICIES = (EVERYBODY, MAILER_POLICY, USE_POLICY, ADDING_POLICY)

# Whether the session acts for this very person, or as the law has it. What Art. 18(2)
# allows stands on record first.
MAY_SQL = f"""
    CREATE OR REPLACE FUNCTION casedesk_may_despite_restriction(person uuid)
    RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT CASE coalesce(current_setting('{DESPITE}', true), '')
            WHEN 'person:' || person THEN true
            WHEN 'law:' || person THEN true
            WHEN 'allowed:' || person THEN EXISTS (
                SELECT FROM data_subjects_usedespite AS used
                JOIN data_subjects_restriction AS standing
                  ON standing.id = used.restriction_id
                WHERE standing.data_subject_id = person AND standing.lifted_at IS NULL)
            ELSE false
        END
    $$;
"""
# Told means on record, and not only in a column: by the ledger, which only grows.
LIFT_SQL = """
    CREATE OR REPLACE FUNCTION casedesk_told_before_lifting() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM data_subjects_subjectevent AS event
            WHERE event.data_subject_id = NEW.data_subject_id
              AND event.reference = NEW.id AND event.action = 'told'
        ) THEN
            RAISE EXCEPTION 'a restriction is lifted once its person was told'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    END $$;
    DROP TRIGGER IF EXISTS restriction_lifted ON data_subjects_restriction;
    CREATE TRIGGER restriction_lifted AFTER INSERT OR UPDATE ON data_subjects_restriction
        FOR EACH ROW WHEN (NEW.lifted_at IS NOT NULL)
        EXECUTE FUNCTION casedesk_told_before_lifting();
"""


def bind() -> None:
    """Make anew all that keeps to restrictions, for the tables that are there."""
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        cursor.execute(MAY_SQL + LIFT_SQL)
        for holding, binding in bindings():
            table = holding.table._meta.db_table
            if table in present:
                columns = _columns_there(cursor, table)
                cursor.execute(_sql_of(holding, binding, columns))


def _columns_there(cursor: Any, table: str) -> set[str]:
    described = connection.introspection.get_table_description(cursor, table)
    return {column.name for column in described}


def unbind() -> None:
    """Take all of it away again, as the way back of a migration."""
    with connection.cursor() as cursor:
        for holding, _ in bindings():
            table = holding.table._meta.db_table
            cursor.execute(_away(table))
            cursor.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
            for prefix in (KEEP, WITHHOLD, AGAIN):
                cursor.execute(f'DROP FUNCTION IF EXISTS "{prefix}{table}"()')
        cursor.execute(
            """
            DROP TRIGGER IF EXISTS restriction_lifted ON data_subjects_restriction;
            DROP FUNCTION IF EXISTS casedesk_told_before_lifting();
            DROP FUNCTION IF EXISTS casedesk_may_despite_restriction(uuid);
            """
        )


def _away(table: str) -> str:
    gone = [f'DROP TRIGGER IF EXISTS {name} ON "{table}";' for name in TRIGGERS]
    gone += [f'DROP POLICY IF EXISTS {name} ON "{table}";' for name in POLICIES]
    return "\n".join(gone)


def _sql_of(holding: Holding, binding: Binding, columns: set[str]) -> str:
    table = holding.table._meta.db_table
    parts = [_away(table)]
    if binding.binds_rows:
        parts.append(_keeping(holding, binding, columns))
    if binding.is_hidden:
        parts.append(_hiding(holding, binding))
    if binding.is_mail:
        parts.append(_withholding(table, binding))
    return "\n".join(parts)


def edited_columns(holding: Holding, binding: Binding) -> list[str]:
    """The columns of the fields that nobody changes: with them the one by which a row
    leads to its person, or it would be changed as somebody else's and given back."""
    names = [*(holding.fields if binding.edits == ALL_FIELDS else binding.edits)]
    first = _path(holding, binding).partition("__")[0]
    if names and isinstance(holding.table._meta.get_field(first), models.Field):
        names.append(first)
    return list(dict.fromkeys(_column(holding.table, name) for name in names))


def _path(holding: Holding, binding: Binding) -> str:
    """How a row leads to its person."""
    return binding.path or holding.declaration.linked_by


def _column(table: Any, field: str) -> str:
    return str(table._meta.get_field(field).column)


def _keeping(holding: Holding, binding: Binding, columns: set[str]) -> str:
    """Refuse to change or remove a restricted person's row. The condition of the first
    trigger is looked at without calling anything: what a restriction leaves free, such
    as the state of a message, costs nothing."""
    table = holding.table._meta.db_table
    function = f'"{KEEP}{table}"'
    sql = f"""
    CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM data_subjects_restriction AS standing
            WHERE standing.lifted_at IS NULL
              AND standing.data_subject_id {_whose(holding, binding)}
              AND NOT casedesk_may_despite_restriction(standing.data_subject_id)
        ) THEN
            RAISE EXCEPTION 'restricted data is stored and neither changed nor removed'
                USING ERRCODE = 'restrict_violation',
                      HINT = 'UK GDPR, Article 18(2); see data_subjects/binding.py.';
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    END $$;
    """
    edited = [name for name in edited_columns(holding, binding) if name in columns]
    if edited:
        differs = " OR ".join(f'OLD."{c}" IS DISTINCT FROM NEW."{c}"' for c in edited)
        sql += f"""
    CREATE TRIGGER {EDIT_TRIGGER} BEFORE UPDATE ON "{table}"
        FOR EACH ROW WHEN ({differs}) EXECUTE FUNCTION {function}();
    """
    if binding.is_kept:
        sql += f"""
    CREATE TRIGGER {REMOVE_TRIGGER} BEFORE DELETE ON "{table}"
        FOR EACH ROW EXECUTE FUNCTION {function}();
    """
    return sql


def _whose(holding: Holding, binding: Binding) -> str:
    """A comparison with the person, or the people, that an old row leads to."""
    ids = _ids(holding.table, _path(holding, binding).split("__"), "OLD")
    if binding.is_digest:
        return (
            "IN (SELECT known.id FROM data_subjects_datasubject AS known"
            f" WHERE known.address_digest = {ids})"
        )
    return f"IN {ids}" if ids.startswith("(") else f"= {ids}"


def _ids(table: Any, steps: list[str], row: str) -> str:
    """The SQL of what the path leads to from this row."""
    step, *rest = steps
    relation = table._meta.get_field(step)
    if not isinstance(relation, models.Field):
        return _ids_beyond(relation.field, rest, row)
    if not rest:
        return f'{row}."{relation.column}"'
    target: Any = relation.related_model
    alias, name = f"{step}_row", target._meta.db_table
    found = _ids(target, rest, alias)
    key = target._meta.pk.column
    return (
        f'(SELECT {found} FROM "{name}" AS {alias}'
        f' WHERE {alias}."{key}" = {row}."{relation.column}")'
    )


def _ids_beyond(back: Any, rest: list[str], row: str) -> str:
    """The same for the rows of another table that refer to this one."""
    alias, name = f"{back.name}_rows", back.model._meta.db_table
    key = back.target_field.column
    found = _ids(back.model, rest, alias)
    return (
        f'(SELECT {found} FROM "{name}" AS {alias}'
        f' WHERE {alias}."{back.column}" = {row}."{key}")'
    )


def _standing(table: str, column: str) -> str:
    """That the person of a row is restricted. Written out where it is used: a call for
    each row would cost more than the look itself."""
    return (
        "EXISTS (SELECT FROM data_subjects_restriction AS standing"
        f' WHERE standing.data_subject_id = "{table}"."{column}"'
        " AND standing.lifted_at IS NULL)"
    )


def _hiding(holding: Holding, binding: Binding) -> str:
    table = holding.table._meta.db_table
    restricted = _standing(table, _column(holding.table, _path(holding, binding)))
    sql = f"""
    ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY;
    CREATE POLICY {EVERYBODY} ON "{table}" USING (true) WITH CHECK (true);
    """
    if binding.leaves_uses:
        sql += f"""
    CREATE POLICY {USE_POLICY} ON "{table}" AS RESTRICTIVE FOR SELECT TO casedesk_app
        USING (coalesce(current_setting('{ONLY_USABLE}', true), '') <> 'on'
               OR NOT {restricted});
    """
    if binding.is_mail:
        held_back = binding.held_back(f'"{table}"')
        sql += _hiding_messages(table, held_back, restricted)
    elif not binding.mailer_sees:
        sql += f"""
    CREATE POLICY {MAILER_POLICY} ON "{table}" AS RESTRICTIVE TO casedesk_mailer
        USING (NOT {restricted});
    """
    return sql


def _hiding_messages(table: str, held_back: str, restricted: str) -> str:
    """What had begun to be handed over is brought to its end: its row stays in sight
    until it is settled and written down."""
    begun = (
        "handing_over_at IS NOT NULL AND (settled_at IS NULL"
        " OR settled_at > now() - interval '1 hour')"
    )
    return f"""
    CREATE POLICY {MAILER_POLICY} ON "{table}" AS RESTRICTIVE TO casedesk_mailer
        USING (NOT ({held_back}) OR ({begun}) OR NOT {restricted});
    CREATE POLICY {ADDING_POLICY} ON "{table}" AS RESTRICTIVE FOR INSERT
        TO casedesk_mailer WITH CHECK (NOT ({held_back}) OR NOT {restricted});
    """


def _withholding(table: str, binding: Binding) -> str:
    """What waits is settled at the mail worker's next look; what would wait again, as
    after a server's “try later”, at that moment."""
    within = f"AND {binding.within}" if binding.within else ""
    waits_again = "NEW.state = 'queued' AND OLD.state <> 'queued'"
    return f"""
    CREATE OR REPLACE FUNCTION "{WITHHOLD}{table}"() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        settled bigint := 0;
    BEGIN
        IF EXISTS (SELECT FROM data_subjects_restriction WHERE lifted_at IS NULL) THEN
            UPDATE "{table}" SET state = 'withheld', reason = 'restricted',
                settled_at = now()
            WHERE id IN (
                SELECT mail.id FROM "{table}" AS mail
                WHERE mail.data_subject_id = ANY (ARRAY (
                    SELECT data_subject_id FROM data_subjects_restriction
                    WHERE lifted_at IS NULL))
                AND mail.state IN ('queued', 'in flight')
                AND mail.handing_over_at IS NULL
                AND {binding.held_back("mail")} {within}
                FOR UPDATE SKIP LOCKED);
            GET DIAGNOSTICS settled = ROW_COUNT;
        END IF;
        RETURN settled;
    END $$;
    CREATE OR REPLACE FUNCTION "{AGAIN}{table}"() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        IF EXISTS (SELECT FROM data_subjects_restriction AS standing
                   WHERE standing.data_subject_id = NEW.data_subject_id
                     AND standing.lifted_at IS NULL) THEN
            NEW.state := 'withheld';
            NEW.reason := 'restricted';
            NEW.settled_at := now();
            NEW.handing_over_at := OLD.handing_over_at;
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER {AGAIN_TRIGGER} BEFORE UPDATE ON "{table}"
        FOR EACH ROW WHEN ({waits_again} AND {binding.held_back("NEW")})
        EXECUTE FUNCTION "{AGAIN}{table}"();
    """


# --- Whether it is there ---


def expected() -> set[tuple[str, str]]:
    """What bind() makes: table and name of each trigger and policy."""
    found = {("data_subjects_restriction", "restriction_lifted")}
    for holding, binding in bindings():
        table = holding.table._meta.db_table
        found |= {(table, name) for name in _names(holding, binding)}
    return found


def _names(holding: Holding, binding: Binding) -> set[str]:
    wanted = {
        EDIT_TRIGGER: bool(edited_columns(holding, binding)),
        REMOVE_TRIGGER: binding.is_kept,
        AGAIN_TRIGGER: binding.is_mail,
        EVERYBODY: binding.is_hidden,
        USE_POLICY: binding.leaves_uses,
        MAILER_POLICY: binding.is_hidden
        and (binding.is_mail or not binding.mailer_sees),
        ADDING_POLICY: binding.is_mail,
    }
    return {name for name, is_wanted in wanted.items() if is_wanted}


IN_FORCE = """
    SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE tgname LIKE 'restriction\\_%' AND tgenabled IN ('O', 'A')
    UNION ALL
    SELECT relname, polname FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
    WHERE polname LIKE 'restriction\\_%' AND relrowsecurity
"""


def in_force() -> set[tuple[str, str]]:
    """The same as the database has it, where it is switched on."""
    with connection.cursor() as cursor:
        cursor.execute(IN_FORCE)
        return {(table, name) for table, name in cursor.fetchall()}
