"""The one scan of text that is written anywhere else than into the lake.

Datasets are built from turns, whose third parties have surrogates, and without examples that hold a
secret. What a model says, and what a recipe's author types, passes neither: samples of a report, a
trial answer, a system prompt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.datasets.pseudonyms.contact_table import read_contacts
from maverick_assets.datasets.pseudonyms.contacts import regions_of_contacts
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.secrets.find import Finding, find_secrets
from maverick_assets.lake.paths import key_path
from maverick_assets.private.keys import read_key


@dataclass(frozen=True)
class OutgoingText:
    """Takes secrets and third parties out of texts.

    Without `third_parties` (a lake without a key has no turns, so nothing of it was learnt),
    secrets alone.
    """

    third_parties: ThirdParties | None

    def clean(self, text: str) -> str:
        """`text` with `[rule]` in place of each secret, and surrogates for third parties.

        Surrogates stay as they are.
        """
        masked = mask_secrets(text)
        return self.third_parties.protect_outgoing(masked) if self.third_parties else masked

    def problem(self, text: str) -> str | None:
        """What a text holds that must not leave, without showing it; None when nothing."""
        rules = sorted({finding.rule for finding in find_secrets(text)})
        if rules:
            return f"a secret ({', '.join(rules)})"
        return None if self.clean(text) == text else "a contact's name, address or phone number"


def outgoing_text(lake: Path, owner_emails: Sequence[str]) -> OutgoingText:
    """The scan by the contacts and the key of a lake. `owner_emails` are patterns for `fnmatch`."""
    path = key_path(lake)
    if not path.exists():
        return OutgoingText(None)
    contacts = read_contacts(lake)
    regions = regions_of_contacts(contacts)
    return OutgoingText(ThirdParties(read_key(path), contacts, owner_emails, regions))


def mask_secrets(text: str) -> str:
    """`text` with `[rule]` in place of each secret; overlapping findings become one."""
    parts: list[str] = []
    position = 0
    for finding in _apart(find_secrets(text)):
        parts += [text[position : finding.start], f"[{finding.rule}]"]
        position = finding.end
    return "".join([*parts, text[position:]])


def _apart(findings: Sequence[Finding]) -> list[Finding]:
    """Findings in order, those that overlap joined under the name of the first."""
    apart: list[Finding] = []
    for finding in sorted(findings):
        if apart and finding.start < apart[-1].end:
            end = max(apart[-1].end, finding.end)
            apart[-1] = Finding(apart[-1].start, end, apart[-1].rule)
        else:
            apart.append(finding)
    return apart
