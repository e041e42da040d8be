"""Numbers of payment cards and of bank accounts as all countries write them."""

import re
from collections.abc import Iterator

from maverick_assets.datasets.secrets.rules import Rule, TextSpan

# 4111 1111 1111 1111; then by shape: Visa and Mastercard, American Express, Diners Club
_CARD = re.compile(r"(?<![\w.,+-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w-]|[.,]\d)")
_CARD_SHAPE = re.compile(
    r"\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}"
    r"|3[47]\d\d([ -]?)\d{6}\2\d{5}|3[068]\d\d([ -]?)\d{6}\3\d{4}"
)
# Letters and figures of an IBAN by country, after ISO 13616.
_LENGTHS = {
    country: int(length)
    for length, countries in (
        line.split(": ")
        for line in (
            "15: no", "16: be", "18: dk fi fo gl nl sd", "19: mk si", "20: at ba ee kz lt lu xk mn",
            "21: ch cr hr li lv", "22: bg bh de gb ge ie me rs va", "23: ae gi il iq om tl so",
            "24: ad cz es md pk ro sa se sk tn vg", "25: ly pt st", "26: is tr",
            "27: bi dj fr gr it mc mr sm", "28: al az by cy do gt hu lb ni pl sv",
            "29: br eg ps qa ua", "30: jo kw mu", "31: mt sc",
            "32: lc", "33: ru",
        )
    )
    for country in countries.split()
}  # fmt: skip
# de89 3704 0044 0532 0130 00, "DE 89 370400440532013000", DE89.3704.0044: one sign between figures,
# wherever it stands.
_IBAN = re.compile(r"(?<![\w/-])([a-z]{2})[ -]?\d(?:[ .\u00a0\u202f-]?[a-z0-9]){12,36}")
_SEPARATORS = re.compile(r"[ .\u00a0\u202f-]")
_LEAST_FIGURES = 0.5  # of what follows the country: Dutch and British banks have letters
# ISO 13616 reads a letter as a number: a is 10, z is 35.
_AS_DIGITS = {
    ord(letter): str(value) for value, letter in enumerate("abcdefghijklmnopqrstuvwxyz", 10)
}


def _cards(text: str, _: str) -> Iterator[TextSpan]:
    """Numbers of payment cards, by shape and check digit."""
    for match in _CARD.finditer(text):
        if _CARD_SHAPE.fullmatch(match.group()) and _has_card_check_digit(match.group()):
            yield match.span()


def _ibans(text: str, lowered: str) -> Iterator[TextSpan]:
    """International bank account numbers: by country and length, mostly figures, even mistyped."""
    for match in _IBAN.finditer(lowered):
        end = _iban_end(match)
        if end is None:
            continue
        number = _SEPARATORS.sub("", lowered[match.start() : end])
        follows = lowered[end : end + 1]
        figures = sum(map(str.isdigit, number)) / len(number)
        # "no 12 345 ...": a word. "DE 89 37 04 ...": a country.
        is_country = lowered[match.end(1)].isdigit() or (
            text[match.start() : match.end(1)].isupper() and figures > 0.85 and len(number) > 17
        )
        whole = not follows.isalnum() and number[2:4].isdigit()
        if figures < _LEAST_FIGURES:  # words: "at 1150 will be needed to"
            continue
        if _has_iban_check_digits(number) or (whole and is_country):
            yield match.start(), end


def _iban_end(match: re.Match[str]) -> int | None:
    """Where the number ends that its country's length gives; None when there is no such country."""
    left = _LENGTHS.get(match[1])
    if left is None:
        return None
    for at in range(match.start(), match.end()):
        left -= match.string[at].isalnum()
        if left == 0:
            return at + 1
    return None


def _has_card_check_digit(number: str) -> bool:
    """Whether the check digit of a payment card fits (ISO/IEC 7812, the Luhn formula)."""
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _has_iban_check_digits(number: str) -> bool:
    """Whether the check digits of an IBAN fit (ISO 13616): modulo 97 they leave 1."""
    if not number.isascii():
        return False
    return int((number[4:] + number[:4]).translate(_AS_DIGITS)) % 97 == 1


PAYMENT_RULES = (Rule("card", (), _cards), Rule("iban", (), _ibans))
