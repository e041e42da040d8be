"""Secrets in text: what machines issue, and passwords as people write them in a note."""

import re

SECRET = "[secret]"

_ISSUED = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bglpat-[\w-]{20,}"
    r"|\bxox[abeoprs]-[\w-]{10,}|\bxapp-[\w-]{20,}"
    r"|\b[srp]k[-_](?:live_|test_|proj-|ant-|or-)?[A-Za-z0-9_-]{20,}"
    r"|\bAIza[\w-]{35}|\bya29\.[\w-]{20,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
    r"|\b(?:npm|hf|dop_v1|pypi)[_-][A-Za-z0-9_-]{30,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|hooks\.slack\.com/services/[\w/]+"
    r"|\b\d{3}-\d{2}-\d{4}\b"
)
_IN_URL = re.compile(r"(?<=://)([^\s/:@]+):([^\s/@]+)(?=@)")
_BEARER = re.compile(r"(\b(?:Bearer|Basic)\s+)[\w+/=.~-]{16,}")
_PASSWORD_WORD = (
    r"(?:(?P<vague>secret|token|clave)|pass ?words?|passwd|pass ?phrases?|passcodes?|pw|pwd|p/w"
    r"|api[ _-]?keys?|secret[ _-]keys?|access[ _-]?keys?"
    r"|client[ _-]?secrets?|(?:api|access|auth)[ _-]?tokens?"
    r"|passwort|kennwort|mot de passe|mdp|contraseña|senha|wachtwoord|lösenord)"
)
_GIVEN = re.compile(
    rf"(?P<lead>(?<![\w-])(?:\w{{1,20}}_)?{_PASSWORD_WORD}\b"
    r"(?: (?:for|to|für|pour|para|de) (?:\S+ ){0,3}?\S+?)?['\"”]?\s*"
    r"(?P<sign>[:=]>?|->|\b(?:is|are|was|ist|lautet|est|es|é)\b:?)[^\S\n]*)"
    r"(?P<quote>[\"'“`]?)(?!<?https?:|&)(?P<value>\S{3,}?)(?P<end>[\"'”`]?[.,;)\]]?(?=\s|$))",
    re.IGNORECASE,
)
_STEMS = "pass pw p/w secret token key kenn mdp mot contrase clave senha wacht lösen"
_PIN = re.compile(
    r"(?P<lead>\b(?:PIN|TAN|(?:access|alarm|door|gate|entry|security|safe|login|verification|2fa"
    r"|voice ?mail) (?:code|combination))(?: code| number)?\s*(?:is|ist|est|es|[:=#])?:?\s*)"
    r"(?P<value>\d[\d-]{2,10}\d)\b",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![\w.,-])[3-6]\d{3}(?:[ -]?\d){8,14}\d(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_WORD_LIKE = re.compile(r"[a-zà-ÿ'\u2019-]+[.!?…]*|[A-Z][a-zà-ÿ'\u2019-]+[.!?…]*")
_NO_PASSWORDS = (
    "wrong incorrect expired invalid required needed not attached changed reset missing safe strong"
    " weak set correct working fine okay here there below above still now too the your our his her"
    " same different about protected saved stored sent not never please what when where unknown"
    " falsch abgelaufen richtig nicht incorrecta incorrecto incorrect expiré"
)


def mask_secrets(text: str) -> str:
    """Replace secrets by `[secret]`; the words around them stay."""
    text = _ISSUED.sub(SECRET, text)
    text = _IN_URL.sub(rf"\1:{SECRET}", text)
    text = _BEARER.sub(rf"\1{SECRET}", text)
    lowered = text.lower()
    if any(stem in lowered for stem in _STEMS.split()):  # the expression is slow
        text = _GIVEN.sub(_mask_password, text)
    text = _PIN.sub(rf"\g<lead>{SECRET}", text)
    text = _CARD.sub(lambda m: SECRET if _luhn(m.group()) else m.group(), text)
    return _IBAN.sub(lambda m: SECRET if _iban(m.group()) else m.group(), text)


def _mask_password(match: re.Match[str]) -> str:
    value = match["value"]
    whole = match.group()
    if SECRET in value:
        return whole
    if not match["quote"] and _WORD_LIKE.fullmatch(value):
        rest = match.string[match.end() :]
        closes = not rest.strip() or rest.startswith("\n") or match["end"].endswith(".")
        vague = match["vague"] and match["sign"][0] not in ":=-"
        # "the password is wrong", "password: ask Dana" are prose; "password: swordfish" is not
        if vague or not closes or value.strip(".!?…").lower() in _NO_PASSWORDS.split():
            return whole
    return f"{match['lead']}{match['quote']}{SECRET}{match['end']}"


def _luhn(number: str) -> bool:
    """Check digit of a payment card (ISO/IEC 7812)."""
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _iban(number: str) -> bool:
    """Check digits of an IBAN (ISO 13616, mod 97)."""
    plain = number.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1
