"""The owner's mails are told from those that say they are his."""

from dataclasses import replace

import pytest

from benchmarks.authorship import CORPUS_OWNER, Judged, judge, judged_mailboxes
from maverick_assets.datasets.owner import Owner
from maverick_assets_tests.corpora.authorship.case import MailCase
from maverick_assets_tests.corpora.authorship.genuine import ordinary_mails
from maverick_assets_tests.corpora.authorship.providers import (
    OWN_DOMAIN,
    OWNER,
    PROVIDERS,
    Arrival,
    HeaderLines,
)

WRITTEN: HeaderLines = [
    ("From", f"Allan Kern <{OWNER}>"),
    ("To", "Dana Cole <dana@acme.example>"),
    ("Date", "Tue, 3 Jun 2025 09:00:00 +0000"),
]
PASSES = Arrival(OWN_DOMAIN, "out.elsewhere.example", "192.0.2.9")


def reason_of(
    *headers: tuple[str, str], folder: str = "INBOX", flags: tuple[str, ...] = ()
) -> str | None:
    """The reason of a mail with these headers above or instead of the usual ones."""
    names = {name for name, _ in headers}
    lines = [*headers, *(line for line in WRITTEN if line[0] not in names)]
    case = MailCase("case", "gmail", 1, lines, folder=folder, flags=flags)
    return judge(CORPUS_OWNER, [case, *ordinary_mails(["gmail"])])[0].reason


@pytest.fixture(scope="module")
def judged() -> tuple[list[Judged], list[Judged]]:
    return judged_mailboxes()


def test_no_forged_mail_becomes_the_owners_words(
    judged: tuple[list[Judged], list[Judged]],
) -> None:
    forged, _ = judged
    assert len(forged) == 200
    assert [case.case.name for case in forged if case.learnt] == []


def test_genuine_mails_do_not_wait(judged: tuple[list[Judged], list[Judged]]) -> None:
    _, genuine = judged
    assert len(genuine) == 200
    assert len([case.case.name for case in genuine if not case.learnt]) <= 2


def test_mail_of_others_is_theirs() -> None:
    for provider in PROVIDERS:
        assert {case.reason for case in judge(CORPUS_OWNER, ordinary_mails([provider]))} == {None}


def test_an_assistant_who_writes_for_the_owner_is_not_he() -> None:
    assert reason_of(("Sender", f"Mara <mara@{OWN_DOMAIN}>"), folder="Sent") == "delegate"
    assert reason_of(("Sender", f"Allan Kern <{OWNER}>"), folder="Sent") is None
    listed = (("Sender", "ovens-bounces@l.example"), ("List-Id", "<ovens.l.example>"))
    assert reason_of(*PROVIDERS["gmail"](PASSES), *listed) is None


@pytest.mark.parametrize("folder", ["Drafts", "Entwürfe", "[Gmail]/Brouillons", "Unsent Messages"])
def test_what_was_never_sent_is_not_learnt(folder: str) -> None:
    assert reason_of(folder=folder) == "draft"
    assert reason_of(flags=("draft",)) == "draft"
    assert reason_of(("X-Gmail-Labels", "Drafts")) == "draft"


def test_what_the_owner_deleted_is_not_learnt_unless_another_copy_was_kept() -> None:
    assert reason_of(("X-Mozilla-Status", "0009"), folder="Drafts") == "deleted"
    assert reason_of(flags=("trashed",), folder="Sent") == "deleted"
    assert reason_of(folder="Trash") == "deleted"
    assert reason_of(folder="Trash\nSent") is None
    assert reason_of(folder="Trash\nProjects") is None


def test_spam_is_nobodys_words_whoever_it_says_it_is_by() -> None:
    spam = ("X-Gmail-Labels", "Spam")
    assert reason_of(spam) == "spam"
    assert reason_of(spam, ("From", "Dana <dana@acme.example>")) == "spam"
    assert reason_of(("X-Spam-Flag", "YES"), folder="Sent") is None


def test_a_reminder_to_himself_is_his_and_says_so() -> None:
    assert reason_of(("To", OWNER), folder="Sent") == "to himself"
    assert reason_of(("To", f"{OWNER}, dana@acme.example"), folder="Sent") is None


def test_an_automatic_answer_is_a_programs() -> None:
    assert reason_of(("Auto-Submitted", "auto-replied"), folder="Sent") == "out of office"
    assert reason_of(("Auto-Submitted", "no"), folder="Sent") is None


def test_a_list_that_writes_in_its_own_name_gives_its_author_back() -> None:
    headers = [
        ("From", "Dana Cole via Ovens <ovens@l.example>"),
        ("X-Original-From", "Dana Cole <dana@acme.example>"),
        ("List-Id", "<ovens.l.example>"),
    ]
    case = MailCase("list", "gmail", 1, [*headers, *WRITTEN[1:]])
    dana = Owner(("dana@acme.example",), ())
    assert judge(dana, [case])[0].reason == "unproved"  # anybody can write such headers
    received = replace(case, headers=[*PROVIDERS["gmail"](PASSES), *case.headers])
    assert judge(dana, [received, *ordinary_mails(["gmail"])])[0].reason == "unproved"
    munged = [
        ("From", "Dana Cole via Ovens <ovens@l.example>"),
        ("Reply-To", "Dana Cole <dana@acme.example>, ovens@l.example"),
        ("List-Post", "<mailto:ovens@l.example>"),
        ("To", "ovens@l.example"),
    ]
    assert judge(dana, [replace(case, headers=[*munged, *WRITTEN[2:]], folder="Sent")])[0].learnt


def test_a_name_counts_only_where_there_is_no_address() -> None:
    assert reason_of(("From", '"Kern, Allan"'), folder="Sent") is None
    dn = "</O=KERNOVENS/OU=X/CN=RECIPIENTS/CN=AKERN>"
    assert reason_of(("From", f'"A. Kern" {dn}'), folder="Sent") is None
    foreign = judge(
        CORPUS_OWNER, [MailCase("x", "y", 1, [("From", "Allan Kern <x@z.example>"), *WRITTEN[1:]])]
    )
    assert not foreign[0].learnt


def test_a_result_counts_only_by_a_server_that_checks_the_mail_of_others() -> None:
    """Where nobody else's mail has such results, the mail brought them itself."""
    own = "own_server_with_rspamd"
    case = MailCase("case", own, 1, [*PROVIDERS[own](PASSES), *WRITTEN])
    assert judge(CORPUS_OWNER, [case])[0].reason == "unproved"
    assert judge(CORPUS_OWNER, [case, *ordinary_mails([own])])[0].reason is None
    unchecked = ordinary_mails(["own_server_without_checks"])
    assert judge(CORPUS_OWNER, [case, *unchecked])[0].reason == "unproved"


def test_results_of_a_provider_that_takes_forged_ones_out_count_in_any_mailbox() -> None:
    case = MailCase("case", "gmail", 1, [*PROVIDERS["gmail"](PASSES), *WRITTEN])
    assert judge(CORPUS_OWNER, [case])[0].reason is None
