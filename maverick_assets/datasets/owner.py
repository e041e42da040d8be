"""Who the owner is: the person whose words the twin learns."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch


@dataclass(frozen=True)
class Owner:
    """The values by which columns of the CRM identify the owner."""

    emails: tuple[str, ...]  # address patterns (`fnmatch`), lower case
    user_ids: tuple[str, ...]
    regions: tuple[str, ...] = ()  # ISO 3166: countries whose phone numbers his texts may hold

    def has_email(self, address: str | None) -> bool:
        """Whether an address, in any case, is one of the owner's."""
        return any(fnmatch((address or "").lower(), pattern) for pattern in self.emails)

    def first_recipient(self, recipients: Iterable[str]) -> str | None:
        """The first recipient of a mail who is not the owner; None when there is no other."""
        return next((address for address in recipients if not self.has_email(address)), None)
