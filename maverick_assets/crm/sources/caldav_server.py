"""Calendars of a CalDAV server (RFC 4791)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import Field

from maverick_assets.crm.sources.events import Calendar
from maverick_assets.crm.sources.source import EnvironmentVariable, secret_from
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.strict_model import StrictModel

if TYPE_CHECKING:
    import caldav

TIMEOUT_SECONDS = 60


class CalDavServer(StrictModel):
    """A person's account on a CalDAV server. All of its calendars are read."""

    url: str = Field(description="address of the server")
    username: str = Field(description="name of the account")
    password: EnvironmentVariable = Field(
        description="name of the environment variable that holds the password"
    )


@contextmanager
def open_calendars(server: CalDavServer | None, source: str) -> Iterator[list[Calendar]]:
    """Inside, the calendars of a server can be read; without a server there are none.

    A calendar's marker is its sync token (RFC 6578), None where the server has none. Raises
    `BadInput` when the server refuses the password, `MaverickError` when it cannot be read.
    """
    if server is None:
        yield []
        return
    import caldav
    from caldav.lib.error import AuthorizationError, DAVError
    from requests.exceptions import RequestException

    password = secret_from(server.password, source)
    try:
        with caldav.DAVClient(
            url=server.url,
            username=server.username,
            password=password,
            timeout=TIMEOUT_SECONDS,
        ) as client:
            yield [_calendar(remote) for remote in client.principal().calendars()]
    except AuthorizationError as error:
        raise BadInput(
            f"source {source}: {server.url} refuses {server.username} with the password in "
            f"{server.password}; correct them"
        ) from error
    except (DAVError, RequestException) as error:
        raise MaverickError(
            f"source {source}: {server.url} cannot be read ({error}); check the address, or run "
            "it again later"
        ) from error


def _calendar(remote: "caldav.Calendar") -> Calendar:
    from caldav.elements import dav

    def read() -> list[bytes]:
        return [event.data.encode() for event in remote.events()]

    name = remote.get_display_name() or ""
    return Calendar(str(remote.url), name, remote.get_property(dav.SyncToken()), read)
