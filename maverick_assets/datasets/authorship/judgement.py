"""Whether a mail that says it is the owner's was written by him, and why not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from maverick_assets.datasets.authorship.evidence import Evidence, loaded
from maverick_assets.datasets.authorship.headers import domain_of, organization
from maverick_assets.datasets.authorship.mailbox import Mailbox, read_mailbox
from maverick_assets.datasets.owner import Owner

# The words of `CleanMail.authorship`: why a mail is not the words of whom it says it is by.
SPAM = "spam"
DRAFT = "draft"  # never sent
DELETED = "deleted"  # every copy of it; another's deleted mail may still be what he answered
DELEGATE = "delegate"  # somebody else wrote it for the owner: Sender
FORGED = "forged"  # the owner's servers found that it is not from where it says
UNPROVED = "unproved"  # nothing shows that the owner wrote it
TO_HIMSELF = "to himself"  # his words, but they answer nobody

WAITING = (FORGED, UNPROVED, DELEGATE)  # in quarantine: an operator may release them
NOBODYS = (SPAM, DRAFT, DELETED, *WAITING)  # nobody learns from them, and none is a prompt

SentMail = tuple[str, str | None]  # sender, in lower case, and the cell that holds the evidence


@dataclass(frozen=True)
class Judge:
    """Judges mails by what they say and by what their mailbox says."""

    owner: Owner
    mailbox: Mailbox
    # Hosts that handed over mail that his servers found to be his, and nobody else's
    own_hosts: frozenset[str]
    released: Collection[str] = field(default_factory=frozenset)  # digests of evidence

    def reason(self, sender: str, recipients: Sequence[str], cell: str | None) -> str | None:
        """Why a mail is not taken for what it says it is; one of the words above, or None.

        `cell` holds its evidence. Without any, a row of the CRM is what the CRM says it is.
        """
        mail = loaded(cell) if cell else None
        if not self.owner.has_email(sender):
            # What he deleted of others he may have answered.
            return SPAM if mail and set(mail.places) == {"spam"} else None
        reason = self._own(sender, recipients, mail) if mail else None
        to_himself = recipients and all(map(self.owner.has_email, recipients))
        return reason or (TO_HIMSELF if to_himself else None)

    def _own(self, sender: str, recipients: Sequence[str], mail: Evidence) -> str | None:
        places = set(mail.places)
        if places == {"spam"}:
            return SPAM
        if places == {"draft"} and not is_found_genuine(mail, self.mailbox):
            return DRAFT
        if places <= {"deleted", "draft", "spam"} and "deleted" in places:
            return DELETED
        if mail.content in self.released:
            return None
        doubt = self._doubt(sender, recipients, mail)
        if doubt is not None:
            return doubt
        is_delegate = mail.sender and not self.owner.has_email(mail.sender) and not mail.listed
        return DELEGATE if is_delegate else None

    def _doubt(self, sender: str, recipients: Sequence[str], mail: Evidence) -> str | None:
        """Why it is doubtful that the owner sent a mail; None where the evidence says he did."""
        if self._is_refuted(mail):
            return FORGED
        if mail.incoming:
            return UNPROVED
        if "sent" in mail.places:
            return None
        if mail.restored:
            return None if self._is_sealed(mail) else UNPROVED
        names_one = mail.from_headers == 1 and mail.authors == (sender,)
        if not names_one or self._is_from_a_form(recipients, mail):
            return UNPROVED
        if not mail.received:  # a copy that no server ever took
            return None
        return None if self._is_proved(mail) else UNPROVED

    def _is_refuted(self, mail: Evidence) -> bool:
        """Whether a server found that a mail is not from where it says.

        Of a mail with several copies, one may lie among sent mail and another have come back by a
        list, which breaks signatures.
        """
        if "sent" in mail.places and len(mail.places) > 1:
            return False
        checked = self.mailbox.checked(mail)
        found = checked or next(iter(mail.found), None)
        if found is None or found.verdict != "fail":
            return False
        return not (checked and self._is_sealed(mail))

    def _is_sealed(self, mail: Evidence) -> bool:
        """Whether a forwarder that the mailbox knows says that it had the mail from the owner."""
        checked = self.mailbox.checked(mail)
        known = checked is not None and self.mailbox.forwarders & set(checked.passing)
        return bool(known and checked and checked.sealed and mail.original_passed)

    def _is_from_a_form(self, recipients: Sequence[str], mail: Evidence) -> bool:
        """Whether a program wrote in the owner's name, as a site's form does for a visitor."""
        own = self.owner.has_email
        to_others = mail.answers_to and not any(map(own, mail.answers_to))
        return mail.by_program or bool(to_others and all(map(own, recipients)))

    def _is_proved(self, mail: Evidence) -> bool:
        if is_found_genuine(mail, self.mailbox) or self._is_sealed(mail):
            return True
        if mail.found and self.mailbox.checked(mail) is None and not mail.began_at_author:
            return False
        if not self.mailbox.believes_path(mail):
            return False
        return mail.began_at_author or (mail.from_outside and mail.entry in self.own_hosts)


def is_found_genuine(mail: Evidence, mailbox: Mailbox) -> bool:
    """Whether the owner's own servers found that a mail is from where it says."""
    checked = mailbox.checked(mail)
    if checked is not None and checked.verdict == "pass":
        return True
    return mailbox.is_internal(mail) or mailbox.spf(mail) == "pass"


def judge_of(owner: Owner, mails: Sequence[SentMail], released: Collection[str] = ()) -> Judge:
    """A judge of the mails of one lake, all of which `mails` holds.

    Evidence is read from its cells twice: all of it at once takes gigabytes.
    """
    own = [mail for mail in mails if owner.has_email(mail[0])]
    organizations = {organization(domain_of(sender)) for sender, _ in own}
    evidence = (loaded(cell) for _, cell in mails if cell)
    mailbox = read_mailbox(evidence, owner.has_email, organizations)
    hosts: set[str] = set()
    for sender, cell in own:
        mail = loaded(cell) if cell else None
        if mail and mail.authors == (sender,) and is_found_genuine(mail, mailbox):
            hosts.add(mail.entry)
    return Judge(
        owner, mailbox, frozenset(hosts - mailbox.others_hosts - {""}), frozenset(released)
    )
