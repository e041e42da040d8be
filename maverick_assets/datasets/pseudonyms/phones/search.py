"""Finds phone numbers in text. What may be a price, a date or a quantity is not taken for one.

A number counts by the strongest evidence there is: a word that announces it, a country code, a
trunk prefix (`0171`), or a form of a country whose numbers the text may hold. The forms need no
plan of valid numbers, because people misremember digits; where nothing but a row of digits speaks
for a number, the plan of the library has to agree.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import phonenumbers

from maverick_assets.datasets.pseudonyms.phones import words
from maverick_assets.datasets.pseudonyms.phones.figures import ANY_DIGIT, Figure, Run, plain, runs
from maverick_assets.datasets.pseudonyms.phones.formats import REGIONS, has_national_form
from maverick_assets.datasets.pseudonyms.phones.regions import regions_of_text
from maverick_assets.datasets.pseudonyms.phones.words import Evidence


class PhoneNumber(NamedTuple):
    """Where a phone number stands in a text."""

    start: int
    end: int
    digits: str  # the same for every way of writing the number


_KEY_DIGITS = 9  # the last ones: a number with a country code is that without one
_MIN_ANNOUNCED, _MIN_DIGITS, _MAX_DIGITS = 6, 7, 18
_MAX_GROUPS = 8  # "+33 (0)6 12 34 56 78" has seven
_MAX_SPELLED = 13  # digits that are written one by one
_MAX_CHECKED = 2_500  # groups of a text that are looked at closely
_MAX_LOCAL_GROUP = 8  # digits without a separator behind an area code
_TRUNK_REGIONS = ("DE", "FR", "GB", "IT", "NL", "SE", "CH", "AT", "BE", "JP", "TR", "AU")
# "02/23 807", but not "07/81/22/43/90"
_MONTH_AND_DAY = re.compile(r"\d\d/\d\d(?![/\d])")
# The surrogate of a number, whose groups are no number of some country
_SURROGATE = re.compile(r"999(?: \d{3}){4}(?!\d)")


def phone_numbers(text: str, regions: Sequence[str] = ()) -> Iterator[PhoneNumber]:
    """The phone numbers of a text, from left to right; no two overlap.

    `regions` (ISO 3166): countries whose numbers are expected besides those of the text's language.
    In a text with more figures than people write, everything that has the form of a phone number
    counts as one: a hostile text costs little and hides no number behind the limit.
    """
    content = plain(text)
    if not ANY_DIGIT.search(content):
        return
    search = _Search(content, tuple(regions))
    groups_left = _MAX_CHECKED
    for run in runs(content):
        groups_left -= len(run.spans) + 1
        for start, end in search.numbers(run) if groups_left >= 0 else _whole(run):
            digits = re.sub(r"\D", "", content[start:end])
            yield PhoneNumber(start, end, digits[-_KEY_DIGITS:])


def _whole(run: Run) -> Iterator[tuple[int, int]]:
    if len(run.spans) < 3 and run.text[run.spans[0][0] - 1 : run.spans[0][0]] not in ("+", "("):
        return
    figure = run.part(0, len(run.spans) - 1)
    if len(figure.groups) > 2 or figure.is_international or figure.is_bracketed:
        yield figure.start, figure.end


@dataclass(frozen=True)
class _Search:
    """The numbers of one text."""

    text: str  # as `plain` returns it
    expected: tuple[str, ...]  # regions

    @cached_property
    def spoken(self) -> tuple[str, ...]:
        """Where the language of the text is spoken."""
        return regions_of_text(self.text)

    def numbers(self, run: Run) -> Iterator[tuple[int, int]]:
        """Start and end of each number of a run: the longest one that begins at each group."""
        first = 0
        while first < len(run.spans):
            surrogate = _SURROGATE.match(self.text, run.spans[first][0])
            if surrogate:
                first += 5
                continue
            figure = self._number_at(run, first)
            if figure is None:
                first += 1
            else:
                yield figure.start, figure.end
                first += len(figure.spans)

    def _number_at(self, run: Run, first: int) -> Figure | None:
        """The number that begins with a group: the longest, but no wrapped one beside another."""
        last = min(first + _MAX_GROUPS, len(run.spans))
        figures = [run.part(first, end) for end in range(last - 1, first - 1, -1)]
        figures = [figure for figure in (*self._spelled(run, first), *figures) if _may_be(figure)]
        if not figures:
            return None
        evidence = words.evidence(run.part(first, first).before(words.LOOK_BACK))
        for figure in sorted(figures, key=lambda figure: figure.is_wrapped):
            if self._is_number(figure, evidence):
                return figure
        return None

    @staticmethod
    def _spelled(run: Run, first: int) -> Iterator[Figure]:
        """`0 3 0 1 2 3 4 5 6`: digits one by one."""
        last = first
        while (
            last < min(len(run.spans), first + _MAX_SPELLED)
            and run.spans[last][1] - run.spans[last][0] == 1
        ):
            last += 1
        if last - first > _MAX_GROUPS:
            yield run.part(first, last - 1)

    def _is_number(self, figure: Figure, evidence: Evidence) -> bool:
        if evidence == "announced":
            return True
        if figure.is_international:
            return _has_code(figure)
        if len(figure.digits) < _MIN_DIGITS or not _fits(figure, evidence):
            return False
        if figure.groups[0].startswith(("00", "011")) and _has_code(figure):
            return True
        if figure.digits.startswith("0"):
            return self._has_trunk_prefix(figure)
        if figure.is_wrapped:
            return False
        if _is_north_american(figure) or _has_bare_code(figure):
            return True
        return _separators_agree(figure) and self._has_form(figure, evidence == "suggested")

    def _has_trunk_prefix(self, figure: Figure) -> bool:
        """`0171 2345678`, `030-1234567`, `(0)4 91 22 33 44`, `02079460123`."""
        if len(figure.groups) > 1:
            return _has_trunk_groups(figure)
        regions = {*self.expected, *(self.spoken or _TRUNK_REGIONS)}
        return 10 <= len(figure.digits) <= 12 and _is_valid(figure.digits, regions)

    def _has_form(self, figure: Figure, suggested: bool) -> bool:
        """Whether the figure has a form of a country that is expected."""
        groups, written = figure.groups, figure.written
        if not self.spoken:  # "Piekarnia: 600 123 456" is too short to show its language
            suggested = suggested or figure.before(2).rstrip().endswith(":")
        if len(groups) > 1:
            if any(has_national_form(groups, region) for region in self.spoken):
                return True
            if any(
                has_national_form(groups, region) and _is_valid(figure.digits, [region])
                for region in self.expected
            ):
                return True
            lengths = [*map(len, groups)]
            return suggested and (
                lengths in ([3, 4], [3, 2, 2]) or any(has_national_form(groups, r) for r in REGIONS)
            )
        regions = {*self.expected, *self.spoken}
        if suggested and len(written) >= 9:
            regions.update(REGIONS if not self.spoken else ("US", "IN"))
        else:
            regions.discard("US")
        return any(
            (region == "US" or has_national_form(groups, region)) and _is_valid(written, [region])
            for region in regions
        )


def _may_be(figure: Figure) -> bool:
    """Whether a figure has as many digits as a phone number, and is no part of something else."""
    return _MIN_ANNOUNCED <= len(figure.digits) <= _MAX_DIGITS and figure.stands_alone()


def _fits(figure: Figure, evidence: Evidence) -> bool:
    """Whether neither the words before a figure nor its form say that it is something else."""
    if evidence == "numbered" or figure.is_amount() or figure.is_series():
        return False
    if evidence == "other":
        # Brackets and dashes speak louder than "order:" does.
        is_dashed = _is_north_american(figure) and "-" in figure.written
        return figure.is_bracketed or is_dashed
    return evidence == "suggested" or not figure.is_ip_address


def _has_code(figure: Figure) -> bool:
    """Whether a figure has the code of a country, behind a plus sign or two zeros."""
    digits = figure.digits
    if not figure.is_international:
        if digits.startswith("000"):
            return False
        digits = digits[2:] if digits.startswith("00") else digits[3:]
    if len(figure.groups[0]) > 4 and len(figure.groups) > 1 and "." in figure.between[0]:
        return False
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return False
    if figure.is_international:
        if "/" in "".join(figure.between[:1]):  # "+5/8" is a fraction
            return phonenumbers.is_valid_number(number)
        return phonenumbers.is_possible_number(number)
    code = figure.groups[0].removeprefix("00")
    if code.isdigit() and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        return phonenumbers.is_possible_number(number)
    return phonenumbers.is_valid_number(number)


def _has_bare_code(figure: Figure) -> bool:
    """`44-207-842-9289`: a country code without a plus sign."""
    is_dashed = {*figure.between} == {"-"} and len(figure.groups) > 2
    if not is_dashed or len(figure.digits) < 11 or len(figure.groups[0]) > 3:
        return False
    return _is_valid(f"+{figure.digits}", ["ZZ"])


def _is_valid(digits: str, regions: Sequence[str] | set[str]) -> bool:
    """Whether digits are a valid number of one of the regions."""
    for region in sorted(regions):
        try:
            number = phonenumbers.parse(digits, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return True
    return False


def _is_north_american(figure: Figure) -> bool:
    """`713-853-4759`, `1 713 853 4759`. Neither area code nor exchange begins with 0 or 1."""
    groups = figure.groups
    if len(groups) == 4 and groups[0] == "1":
        groups = groups[1:]
    return [*map(len, groups)] == [3, 3, 4] and groups[0][0] > "1" and groups[1][0] > "1"


def _separators_agree(figure: Figure) -> bool:
    """Whether signs between groups are those of one number: `12.5 30-40` is none."""
    signs = {part.strip(" ()")[:1] for part in figure.between}
    return len(signs - {"", "/"}) <= 1 and not {"", "."} <= signs


def _has_trunk_groups(figure: Figure) -> bool:
    """Whether groups that begin with a zero are those of a number with an area code."""
    groups, total = figure.groups, len(figure.digits)
    if not 8 <= total <= 13 or len(groups[0]) > 5 or _are_decimals(figure):
        return False
    if figure.digits[1] == "0" or max(map(len, groups[1:])) > _MAX_LOCAL_GROUP:
        return False
    if figure.is_wrapped and (len(groups[0]) == 1 or " - " in figure.written):
        return False
    if total == 8 and (groups[1][0] == "0" or not any(sign in figure.written for sign in "-/")):
        return False  # "08 00 16 30" are hours, "08-03 1002" are a day and an hour
    if any(len(group) == 1 for group in groups[2:-1]) or groups[0] == groups[1]:
        return False
    if len(groups[-1]) == 1 and "-" not in figure.between[-1]:
        return False  # "089 45678-0" is a switchboard
    if {*map(len, groups)} == {2}:
        return len(groups) == 5 or (len(groups) == 4 and total == 8)
    if _MONTH_AND_DAY.match(figure.written):
        return False
    return not all(group[0] == "0" and len(group) > 2 for group in groups)  # modes of files


def _are_decimals(figure: Figure) -> bool:
    """`0.25 0.50`, `0 7148.25`: a single zero, with a full stop or a long group behind it."""
    groups = figure.groups
    return groups[0] == "0" and len(groups) > 1 and ("." in figure.written or len(groups[1]) > 3)
