"""Headers by which a program says that it wrote a mail, or that nobody reads it one by one."""

import re

from maverick_assets.datasets.authorship.headers import Headers, first

# The words of `CleanMail.automatic`
AUTO_REPLY, AUTO_SUBMITTED, NEWSLETTER, BOUNCE = (
    *("out of office", "auto-submitted", "newsletter", "bounce"),
)
# "auto-replied (vacation)", "auto-generated; owner-email=..."
_WORD = re.compile(r"\s*([\w-]+)")
_REPORT = re.compile(r"multipart/report|message/(?:delivery-status|disposition-notification)", re.I)
_SUPPRESSES = frozenset({"all", "oof", "autoreply"})


def program_reason(headers: Headers) -> str | None:
    """Why the headers make a mail machine mail; None where they do not.

    `Auto-Submitted: no` says that a person wrote it (RFC 3834), whatever else its headers hold.
    Lists on which people write (`List-Post`) are no newsletters.
    """
    submitted = _word(headers, "auto-submitted")
    if submitted == "no":
        return None
    parts = [*headers.get("content-type", ()), *headers.get("x-parts", ())]
    if any(_REPORT.match(part.strip()) for part in parts):
        return BOUNCE
    precedence = _word(headers, "precedence").replace("-", "_")
    if submitted == "auto-replied" or precedence == "auto_reply" or _is_auto_reply(headers):
        return AUTO_REPLY
    if submitted or first(headers, "x-ms-exchange-generated-message-source"):
        return AUTO_SUBMITTED
    suppressed = first(headers, "x-auto-response-suppress").lower().replace(" ", "").split(",")
    if _SUPPRESSES & set(suppressed):
        return AUTO_SUBMITTED
    return NEWSLETTER if _is_newsletter(headers, precedence) else None


def _is_auto_reply(headers: Headers) -> bool:
    return bool(first(headers, "x-autoreply")) and _word(headers, "x-autoreply") != "no"


def _is_newsletter(headers: Headers, precedence: str) -> bool:
    if "feedback-id" in headers:  # senders of bulk mail ask Google for complaints by it
        return True
    post = first(headers, "list-post").strip().lower()
    if post and post != "no":
        return False
    if precedence in ("bulk", "junk"):
        return True
    listed = "list-id" in headers or post == "no" or "list-unsubscribe-post" in headers
    return listed and "list-unsubscribe" in headers


def _word(headers: Headers, name: str) -> str:
    match = _WORD.match(first(headers, name))
    return match[1].lower() if match else ""
