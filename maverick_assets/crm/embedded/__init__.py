"""The embedded PostgreSQL: a real server under the run home, for people who have none.

It listens on a socket that its owner alone can reach, and each database has a role of its own name
with a random password.
"""

from maverick_assets.crm.embedded.passwords import SUPERUSER
from maverick_assets.crm.embedded.server import (
    database_url,
    forget_client_variables,
    release_servers,
    restart_dead_servers,
)

__all__ = [
    "SUPERUSER",
    "database_url",
    "forget_client_variables",
    "release_servers",
    "restart_dead_servers",
]
