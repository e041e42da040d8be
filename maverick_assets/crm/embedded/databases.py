"""Databases of the embedded server: each belongs to a role of its own name, and to no other.

No such role is a superuser, and none may connect to another's database.
"""

from collections.abc import Callable

import psycopg
from psycopg import sql

from maverick_assets.crm.embedded.passwords import SUPERUSER, Passwords, scram_verifier

Connect = Callable[[str, str], psycopg.Connection]  # (role, database), in autocommit mode

_CONNECTABLE = ("postgres", "template1")  # to everybody, unless that is revoked
# The release before had one role for all. `reassign owned` refuses objects of the superuser's.
_MOVE_OBJECTS = """
do $$
declare
    item record;
    target constant name := {owner};
begin
    for item in
        select format('%s %I.%I',
                      case relkind when 'v' then 'view' when 'm' then 'materialized view'
                                   when 'f' then 'foreign table' when 'S' then 'sequence'
                                   else 'table' end,
                      nspname, relname) as object
        from pg_class c join pg_namespace n on n.oid = relnamespace
        where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and relowner = {superuser}::regrole
          and nspname !~ '^pg_' and nspname <> 'information_schema'
          and not exists (select from pg_depend where objid = c.oid and deptype in ('a', 'i', 'e')
                                                  and classid = 'pg_class'::regclass)
        union all
        select format('%s %I.%I', case typtype when 'd' then 'domain' else 'type' end,
                      nspname, typname)
        from pg_type t join pg_namespace n on n.oid = typnamespace
        where typtype in ('e', 'd') and typowner = {superuser}::regrole
          and nspname !~ '^pg_' and nspname <> 'information_schema'
        union all
        select format('routine %s', p.oid::regprocedure)
        from pg_proc p join pg_namespace n on n.oid = pronamespace
        where proowner = {superuser}::regrole
          and nspname !~ '^pg_' and nspname <> 'information_schema'
          and not exists (select from pg_depend where objid = p.oid and deptype = 'e')
        union all
        select format('schema %I', nspname) from pg_namespace
        where nspowner = {superuser}::regrole
          and nspname !~ '^pg_' and nspname <> 'information_schema'
    loop
        execute format('alter %s owner to %I', item.object, target);
    end loop;
end $$
"""


def is_open(connect: Connect, name: str) -> bool:
    """Whether the database is there, and its role's password too."""
    try:
        connect(name, name).close()
    except psycopg.OperationalError:
        return False
    return True


def ensure_database(connect: Connect, passwords: Passwords, name: str) -> None:
    """Create the database and its role, or set right what a crash or an earlier release left.

    Raises `psycopg.OperationalError` when the superuser's password is not the cluster's.
    """
    role = sql.Identifier(name)
    with connect(SUPERUSER, SUPERUSER) as admin:
        if not admin.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone():
            admin.execute(sql.SQL("create role {} nologin").format(role))
        query = "select pg_get_userbyid(datdba) from pg_database where datname = %s"
        owner = admin.execute(query, [name]).fetchone()
        if owner is None:
            admin.execute(sql.SQL("create database {} owner {}").format(role, role))
        elif owner[0] != name:
            _move_database(connect, name)
        for database in (name, *_CONNECTABLE):
            revoke = sql.SQL("revoke all on database {} from public")
            admin.execute(revoke.format(sql.Identifier(database)))
        # Last: a role that can connect says that all of the above is done.
        password = passwords.of(name) or passwords.create(name)
        rights = "login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
        change = sql.SQL("alter role {} with {} password {}")
        verifier = sql.Literal(scram_verifier(password))
        admin.execute(change.format(role, sql.SQL(rights), verifier))


def _move_database(connect: Connect, name: str) -> None:
    """Make the database's role the owner of it and of what the superuser has made in it."""
    owner, superuser = sql.Literal(name), sql.Literal(SUPERUSER)
    with connect(SUPERUSER, name) as database:
        database.execute(sql.SQL(_MOVE_OBJECTS).format(owner=owner, superuser=superuser))
        role = sql.Identifier(name)
        database.execute(sql.SQL("alter database {} owner to {}").format(role, role))
