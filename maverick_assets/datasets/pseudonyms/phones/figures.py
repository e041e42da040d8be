"""Figures in text: runs of groups of digits, and those that are dates, times, amounts or series."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

# One character for one, so that positions stay: full-width, Arabic and Persian digits, the spaces
# and dashes of typesetting
_SPACES = (
    "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\u30fc"
_PLAIN = str.maketrans(
    {
        **{chr(zero + digit): str(digit) for zero in (0xFF10, 0x660, 0x6F0) for digit in range(10)},
        **dict.fromkeys(_SPACES, " "),
        **dict.fromkeys(_DASHES, "-"),
        **{"\uff08": "(", "\uff09": ")", "\uff0b": "+", "\uff0f": "/", "\uff0e": "."},
    }
)
# Groups of digits with what may stand between those of a phone number; a line may be wrapped there:
#   "+1 713 853 4759"  "(713) 853-4759"  "0171/234 56 78"  "06.12.34.56.78"  "030 /\n> 1234567"
_RUN = re.compile(r"\d+(?:(?:[ ()./-]{1,4}(?:\n[ >]{0,3})?|\n[ >]{0,3})\d+)*")
_DIGITS = re.compile(r"\d+")
ANY_DIGIT = re.compile(r"\d")
_MIN_DIGITS = 6  # of a run that may hold a number
_MAX_DIGITS = 17  # of a group: a longer one is no part of a phone number
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"  # or a month: Americans write it first
_YEAR = r"(?:19|20)\d\d"
#   "01.02.2024"  "24 12 2024"  "2025-06-01"  "12/06/24"  "02-27-02"  "10.00-12.30"
_DATE = re.compile(
    rf"(?<!\d)(?:{_DAY} ?[./-] ?{_DAY} ?[./-] ?{_YEAR}|{_DAY} {_DAY} {_YEAR}"
    rf"|{_YEAR}[./-]{_DAY}[./-]{_DAY}|(?<!\d[./-]){_DAY}[./]{_DAY}[./]\d\d(?! ?[./-]\d)"
    rf"|(?<!\d-){_DAY}-{_DAY}-\d\d(?!-)"
    r"|[0-2]?\d[.:][0-5]\d ?- ?[0-2]?\d[.:][0-5]\d)(?!\d)"
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IP_ADDRESS = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
_LAST_WORD = re.compile(r"\S+\Z")
_LOOK_BACK = 60  # characters before a slash that show whether it belongs to a path
# An IBAN: "PL61 1090 1014 0000 0712 1981 2874"
_ACCOUNT = re.compile(
    r"(?<![^\W_])[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![^\W_])"
)
_ZIP_CODE = re.compile(r"(?<![^\W_])[A-Z]{2} {1,3}\d{5}-\d{4}(?!\d)")  # "MA 02138-5307"
_OTHERS = (_DATE, _ACCOUNT, _ZIP_CODE)
_NOWHERE = (1 << 62, 1 << 62)
_MIN_YEAR, _MAX_YEAR = 1900, 2100
_CURRENCIES = (
    r"[$€£¥₹₽₩%‰°]|(?:EUR|USD|GBP|CHF|PLN|CZK|DKK|NOK|SEK|JPY|INR|BRL|RUB|euros?|zł(?:otych)?|kr(?:oner"
    r"|onor)?|Kč|dollars?|pounds?|percent|per cent|procent|prozent|pour cent|Mio|million\w*|units?"
    r"|Stück|bytes?|rows|kWh|km|kg|m²|cm|mm|GHz|MHz|EUROS?)(?![^\W\d_])"
)
_AFTER_AMOUNT = re.compile(rf"[ ,.-]{{0,2}}(?:{_CURRENCIES})", re.IGNORECASE)
_BEFORE_AMOUNT = re.compile(rf"(?:#|(?<![^\W\d_])(?:{_CURRENCIES})) ?\Z", re.IGNORECASE)
_LONGEST_CURRENCY = 12
_FIRST_JOINING_LETTER = "\u0590"  # scripts from here on set no space before a figure


def plain(text: str) -> str:
    """`text` with digits, spaces and dashes of ASCII, each at its position."""
    return text if text.isascii() else text.translate(_PLAIN)


@dataclass(frozen=True)
class Run:
    """Groups of digits that follow each other closely."""

    text: str  # the whole text, as `plain` returns it
    spans: Sequence[tuple[int, int]]  # of each group

    def part(self, first: int, last: int) -> "Figure":
        """The groups from `first` to `last`, both included."""
        return Figure(self.text, tuple(self.spans[first : last + 1]))


@dataclass(frozen=True)
class Figure:
    """Groups of digits that may be one number."""

    text: str
    spans: tuple[tuple[int, int], ...]

    @cached_property
    def groups(self) -> list[str]:
        return [self.text[start:end] for start, end in self.spans]

    @cached_property
    def digits(self) -> str:
        """All digits, without a zero in brackets behind a country code: `+49 (0) 171`."""
        groups = self.groups
        if len(groups) > 1 and groups[1] == "0" and "(" in self.between[0]:
            groups = [groups[0], *groups[2:]]
        return "".join(groups)

    @cached_property
    def between(self) -> list[str]:
        """What stands between the groups."""
        ends, starts = self.spans[:-1], self.spans[1:]
        return [self.text[a[1] : b[0]] for a, b in zip(ends, starts, strict=True)]

    @cached_property
    def start(self) -> int:
        """Where the number begins, with a plus sign and brackets."""
        start = self.spans[0][0]
        while start and self.text[start - 1] in "+(" and self.spans[0][0] - start < 2:
            start -= 1
        if self.text[start] == "(" and ")" not in self.text[start : self.end]:
            start += 1  # "(713 853 4759)": the brackets are around the number
        return start

    @property
    def end(self) -> int:
        return self.spans[-1][1]

    @property
    def is_international(self) -> bool:
        return "+" in self.text[self.start : self.spans[0][0]]

    @property
    def is_wrapped(self) -> bool:
        return any("\n" in part for part in self.between)

    @property
    def written(self) -> str:
        return self.text[self.spans[0][0] : self.end]

    def before(self, length: int) -> str:
        return self.text[max(self.start - length, 0) : self.start]

    @property
    def is_ip_address(self) -> bool:
        return {*self.between} == {"."} and bool(_IP_ADDRESS.fullmatch(self.written))

    def stands_alone(self) -> bool:
        """Whether it is no part of a word, a decimal number, a path or another figure."""
        return self._begins_freely() and self._ends_freely()

    def _begins_freely(self) -> bool:
        before = self.before(2)
        last, last_but_one = before[-1:], before[-2:-1]
        if _is_letter(last):
            return self.text[self.start] in "(+"  # "Tel(708)532-4500"
        if last.isdigit():  # "223008+275509147"
            return False
        if last == "-":
            # "cell-917-374-6760", "work--713-853-6798"; "-415 -555" are negative
            is_dash = _is_letter(last_but_one) or last_but_one == "-"
            is_dashed = "-" in self.written and not last_but_one.isdigit()
            return len(self.spans) > 1 and (is_dash or is_dashed)
        if last == "/":
            return not self._is_in_link and (len(self.spans) > 1 or last_but_one.isdigit())
        if last and last in "_@=&~\\^*":
            return False
        is_decimal = last != "" and last in ".,:'" and last_but_one.isdigit()
        return not is_decimal and (len(self.spans) > 1 or not self._is_in_link)

    @property
    def _is_in_link(self) -> bool:
        """Whether it belongs to a path or a query: `https://acme.example/7/316/243/0010`."""
        before = self.before(_LOOK_BACK)
        word = _LAST_WORD.search(before)
        return word is not None and ("//" in word[0] or word[0].count("/") > 1)

    def _ends_freely(self) -> bool:
        after = self.text[self.end : self.end + 4]
        following = after[:1]
        if _is_letter(following):
            # "x204", and "(818) 346-6502dana@acme.example" of a lost newline
            return (after[0] in "xX" and after[1:2].isdigit()) or self.is_bracketed
        if following and following in "-/":
            return (after[1:].isalpha() and len(after) == 4) or not after[1:2].isalnum()
        if following and following in "_@":
            return False
        return not (following and following in ".,:'" and after[1:2].isdigit())

    @property
    def is_bracketed(self) -> bool:
        """`(713) 853-4759`"""
        return self.text[self.start] == "(" and len(self.digits) >= 9

    def is_amount(self) -> bool:
        after = self.text[self.end : self.end + _LONGEST_CURRENCY + 3]
        before = self.before(_LONGEST_CURRENCY)
        return bool(_AFTER_AMOUNT.match(after) or _BEFORE_AMOUNT.search(before))

    def is_series(self) -> bool:
        """`12 13 14 15`, `100 200 300`, `21 18 21 19`, `1995 1999 2004`: sizes, scores, years."""
        numbers = [int(group) for group in self.groups]
        if len(numbers) < 2:
            return False
        if all(_MIN_YEAR <= number < _MAX_YEAR for number in numbers):
            return True
        sizes = {len(group) for group in self.groups}
        if len(numbers) == 2 and sizes == {4}:  # "5400-5600"
            return "-" in self.written and 0 <= numbers[1] - numbers[0] < 1000
        if len(numbers) < 3 or len(sizes) > 1 or sizes & {1}:
            return False
        steps = {after - before for before, after in pairwise(numbers)}
        spread = max(numbers) - min(numbers)
        most: int = 10 ** (len(self.groups[0]) - 1)  # 10 for figures of two digits
        return (len(steps) == 1 and abs(min(steps)) <= most) or spread <= most


def runs(text: str) -> Iterator[Run]:
    """The runs of a text that may hold a phone number; `text` as `plain` returns it."""
    others = iter(sorted(match.span() for kind in _OTHERS for match in kind.finditer(text)))
    start, end = next(others, _NOWHERE)
    for match in _RUN.finditer(text):
        if match.end() - match.start() < _MIN_DIGITS:
            continue
        spans: list[tuple[int, int]] = []
        for group in _DIGITS.finditer(text, *match.span()):
            while end <= group.start():
                start, end = next(others, _NOWHERE)
            if start < group.end() or group.end() - group.start() > _MAX_DIGITS:
                yield from _some(text, spans)
                spans = []
            else:
                spans.append(group.span())
        yield from _some(text, spans)


def _some(text: str, spans: list[tuple[int, int]]) -> Iterator[Run]:
    if spans and sum(end - start for start, end in spans) >= _MIN_DIGITS:
        yield Run(text, spans)


def _is_letter(character: str) -> bool:
    return character.isalpha() and character < _FIRST_JOINING_LETTER
