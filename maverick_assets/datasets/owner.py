"""Who the owner is: the person whose words the twin learns."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from maverick_assets.settings import Settings


@dataclass(frozen=True)
class Owner:
    """The values by which columns of the CRM identify the owner."""

    emails: tuple[str, ...]  # address patterns (`fnmatch`), lower case
    user_ids: tuple[str, ...]
    regions: tuple[str, ...] = ()  # ISO 3166: countries whose phone numbers his texts may hold
    names: tuple[str, ...] = ()  # patterns for senders without an address, lower case

    def has_email(self, address: str | None) -> bool:
        """Whether an address, in any case, is one of the owner's.

        Somebody without an address is known by his name or Exchange's own address, or by both, as
        in "allan kern </o=acme/cn=akern>". With an address, the name beside it says nothing:
        anybody may call himself like the owner.
        """
        written = (address or "").lower()
        if "@" in written or not self.names:
            return any(fnmatchcase(written, pattern) for pattern in self.emails)
        name, _, exchange = written.rstrip(">").partition(" <")
        patterns = (*self.emails, *self.names)
        return any(fnmatchcase(part, pattern) for part in (name, exchange) for pattern in patterns)

    def first_recipient(self, recipients: Iterable[str]) -> str | None:
        """The first recipient of a mail who is not the owner; None when there is no other."""
        return next((address for address in recipients if not self.has_email(address)), None)


def owner_of(settings: Settings) -> Owner:
    """The owner as the settings name him."""
    return Owner(settings.owner_emails, settings.owner_user_ids, settings.owner_name_patterns)
