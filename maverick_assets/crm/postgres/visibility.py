"""Which rows of a table the CRM shows to the role that reads it.

Row security and views hide rows without an error. To whoever reads, a row that is hidden looks like
one that was deleted. So what decides on visibility is remembered with the watermark, and rows that
vanish together with a change of it are not taken for deleted.
"""

from dataclasses import dataclass

import psycopg

from maverick_assets.crm.schema import Table
from maverick_assets.errors import BadInput

MANY_ROWS = 20  # that vanish at once
_TABLE_KINDS = ("r", "p")  # ordinary and partitioned tables


@dataclass(frozen=True)
class Visibility:
    """What decides which rows a role sees."""

    role: str
    kind: str  # `relkind` of PostgreSQL: "r" for a table, "v" for a view
    has_row_security: bool  # policies choose the rows that the role sees
    fingerprint: str  # of definitions of views and policies; another one may show other rows

    @property
    def hides_nothing(self) -> bool:
        """Whether the role sees every row that exists."""
        return self.kind in _TABLE_KINDS and not self.has_row_security


def read_visibility(connection: psycopg.Connection, table: Table) -> Visibility:
    """What decides which rows of an existing table the connected role sees."""
    row = connection.execute(_QUERY, {"table": table.name}).fetchone()
    assert row is not None
    return Visibility(*row)


def refuse_hidden_rows(
    table: Table,
    visibility: Visibility,
    before: str | None,
    is_same_source: bool,
    vanished: tuple[int, int],
) -> None:
    """Raise `BadInput` where rows that vanished may be hidden instead of deleted.

    `before`: fingerprint of the last reading, None of an earlier release. `vanished`: how many
    vanished of how many. `is_same_source`: it is the same table of the same database.
    """
    n_vanished, n_rows = vanished
    if not n_vanished or (visibility.hides_nothing and is_same_source):
        return
    is_many = n_vanished >= MANY_ROWS and 2 * n_vanished > n_rows
    # An earlier release did not remember whether row security was on.
    is_changed = before != visibility.fingerprint if before else visibility.has_row_security
    if is_many or (is_changed and (is_same_source or visibility.has_row_security)):
        raise BadInput(
            f"the CRM's table {table.name} shows {n_vanished} of {n_rows} rows no longer to the "
            f"role {visibility.role}: {_reason(visibility, is_same_source)}. None is taken for "
            "deleted; if they are gone for good, remove the table's folder in the lake to read it "
            "anew"
        )


def _reason(visibility: Visibility, is_same_source: bool) -> str:
    if visibility.has_row_security:
        return (
            "row security is on for it, and hidden rows look like deleted ones; give the role a "
            "policy that shows all rows, or BYPASSRLS"
        )
    if not is_same_source:
        return "it is another table, or of another database; name the right one, or restore it"
    return "the view shows other rows than before; let it show all rows"


# The table, and what it is made of where it is a view. Row security of those tables is checked for
# the owner of the view, or for the role where the view says `security_invoker`; either way a table
# whose owner reads it without `force` shows all rows.
_QUERY = """
with recursive part(oid, reader) as (
    select relation.oid, current_user::regrole::oid
    from pg_class relation where relation.oid = to_regclass(%(table)s)
    union
    select used.refobjid,
           case when coalesce(view.reloptions::text, '') ~ 'security_invoker=(true|on|1|yes)'
                then part.reader else view.relowner end
    from part join pg_class view on view.oid = part.oid and view.relkind in ('v', 'm')
    join pg_rewrite on ev_class = view.oid
    join pg_depend used on used.classid = 'pg_rewrite'::regclass and used.objid = pg_rewrite.oid
     and used.refclassid = 'pg_class'::regclass and used.refobjid <> view.oid
),
described as (
    select part.oid, relkind,
           relrowsecurity and not (rolsuper or rolbypassrls)
           and (relforcerowsecurity or not pg_has_role(reader, relowner, 'usage')) as is_filtered,
           case when relkind in ('v', 'm') then pg_get_viewdef(part.oid) end as definition,
           (select string_agg(concat_ws('/', polname, polcmd, polpermissive, polroles,
                              pg_get_expr(polqual, polrelid)), ',' order by polname)
            from pg_policy where polrelid = part.oid) as policies
    from part join pg_class on pg_class.oid = part.oid join pg_roles on pg_roles.oid = reader
)
select current_user::text,
       (select relkind::text from described where oid = to_regclass(%(table)s)),
       coalesce(bool_or(is_filtered), false),
       md5(string_agg(concat_ws('/', oid::regclass, relkind, definition, is_filtered,
           case when is_filtered then concat(current_user, policies) end), ';' order by oid))
from described
"""
