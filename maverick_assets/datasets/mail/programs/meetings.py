"""Blocks of online meetings, which calendars add below what a person wrote, and invitations."""

import re
from collections.abc import Mapping, Sequence

# Google Meet: "-::~:~::~:~:~:~:~:~:~:~:~:~:~:~::~:~::-" above and below its block
_MEET_RULE = re.compile(r"\s*-::~[:~]{5,}")
# Teams, Zoom: "________________________________", "---"
_RULE = re.compile(r"\s*(?:_{20,}|[-_=*~.]{3,})\s*$")
_LINK = re.compile(
    r"https?://[^\s<>/]{0,80}(?:meet\.google\.com|tel\.meet|zoom\.(?:us|com)|zoomgov\.com"
    r"|teams\.(?:microsoft|live)\.com|webex\.com|gotomeet(?:ing)?\.(?:com|me)|meet\.goto\.com"
    r"|whereby\.com|meet\.jit\.si|bluejeans\.com|chime\.aws|ringcentral\.com)/",
    re.IGNORECASE,
)
# "Paul Marsh is inviting you to a scheduled Zoom meeting.", "Microsoft Teams-Besprechung"
_PRODUCT = re.compile(
    r"\b(?:Zoom|Microsoft Teams|Teams|Webex|WebEx|Google Meet|GoToMeeting|Whereby|BlueJeans)\b"
)
_ANY_LINK = re.compile(r"https?://|<(?:mailto|tel):", re.IGNORECASE)
# "Meeting ID: 398 204 115 772", "Kennung: tQ7mVx", "Time: Jun 3, 2025 10:00 AM"
_LABELLED = re.compile(r"\s*[^\W\d_][^:.!?]{1,45}: ?\S{1,60}(?: \S{1,20}){0,6}\s*$")
# "+13052241968,,83920411577#,,,,*448213# US", "• +1 305 224 1968 US", "(US) +1 917-555-0142"
_DIAL = re.compile(r"\s*(?:[•*·-] ?)?(?:\([A-Z]{2}\) ?)?\+?\d[\d ()\-.]{5,}")
# "Please do not edit this section.", "-- Do not delete or change any of the following text. --"
_KEEP_OUT = re.compile(
    r"(?:do not (?:edit|delete|change)|nicht (?:bearbeiten|löschen))", re.IGNORECASE
)
_CHARACTERS = 400  # of a line that are looked at
_SHORT_LINE = 8  # words of a label or a button
_GAP = 2  # lines with words, of no known kind, that may stand within a block
_GAP_WORDS = 12  # of such a line
_LINES = 60  # of a block, in each direction from a link
_LEAST = 3  # lines of a known kind that make a block; a writer sends a link alone
_SENTENCE_END = re.compile(r"[.!?…]\s*$")


def meeting_spans(lines: Sequence[str]) -> list[tuple[int, int]]:
    """First line and end of each block of an online meeting.

    Its lines are rules, links, labels, numbers to dial, and what names the program; sentences are a
    person's, and so is a link without such lines around it.
    """
    spans: list[tuple[int, int]] = []
    text = "\n".join(lines)
    if not ("://" in text or "-::~" in text):  # cheap; most mails hold neither
        return spans
    done = 0
    for i, line in enumerate(lines):
        if i < done or not ("://" in line or "-::~" in line):
            continue
        span = None
        if _MEET_RULE.match(line):
            span = _between_rules(lines, i)
        elif _LINK.search(line[:_CHARACTERS]):
            span = _around_link(lines, i, done)
        if span:
            spans.append(span)
            done = span[1]
    return spans


def is_invitation(headers: Mapping[str, Sequence[str]], text: str) -> bool:
    """Whether a mail's headers say that it is a calendar's: an invitation or an answer to one.

    A person attaches a calendar's file, too; then words are left, and the part has no method.
    """
    if any("calendarmessage" in value.lower() for value in headers.get("content-class", ())):
        return True
    types = [*headers.get("x-parts", ()), *headers.get("content-type", ())]
    calendars = [value.lower() for value in types if value.lower().startswith("text/calendar")]
    return any("method=" in value for value in calendars) or bool(calendars and not text)


def _between_rules(lines: Sequence[str], i: int) -> tuple[int, int]:
    for end in range(i + 1, min(i + _LINES, len(lines))):
        if _MEET_RULE.match(lines[end]):
            return i, end + 1
    return _around_link(lines, i, i) or (i, i + 1)


def _around_link(lines: Sequence[str], i: int, lowest: int) -> tuple[int, int] | None:
    up = _reach(lines, range(i - 1, max(i - _LINES, lowest) - 1, -1))
    down = _reach(lines, range(i + 1, min(i + _LINES, len(lines))))
    start, end = (up[0] if up else i), (down[0] if down else i) + 1
    count = 1 + (up[1] if up else 0) + (down[1] if down else 0)
    alone = not _is_sentence_with_link(lines[i])
    return (start, end) if count >= _LEAST and alone else None


def _reach(lines: Sequence[str], places: range) -> tuple[int, int] | None:
    """The farthest line of a known kind in one direction, and how many of them have words."""
    farthest, count, gap = None, 0, 0
    for i in places:
        line = lines[i][:_CHARACTERS]
        if not line.strip():
            continue
        if _is_known(line):
            farthest, gap = i, 0
            count += not _RULE.match(line)
        else:
            gap += 1
            if gap > _GAP or len(line.split()) > _GAP_WORDS or _SENTENCE_END.search(line):
                break
    return None if farthest is None else (farthest, count)


def _is_known(line: str) -> bool:
    """Whether a line is of a kind that blocks of meetings have."""
    if _RULE.match(line) or _MEET_RULE.match(line) or _DIAL.match(line) or _KEEP_OUT.search(line):
        return True
    if _ANY_LINK.search(line):
        return not _is_sentence_with_link(line)
    if _PRODUCT.search(line):
        return len(line.split()) <= 2 * _SHORT_LINE
    return (bool(_LABELLED.match(line)) and any(map(str.isdigit, line))) or _is_password(line)


def _is_password(line: str) -> bool:
    """Whether a line is a label over one word: "Passcode: tQ7mVx"."""
    label, _, value = line.partition(":")
    return 0 < len(label.split()) <= 4 and len(value.split()) == 1


def _is_sentence_with_link(line: str) -> bool:
    """Whether a person wrote a sentence around a link."""
    words = [word for word in line.split() if "://" not in word]
    return len(words) > _SHORT_LINE or line.rstrip().endswith(("?", "!"))
