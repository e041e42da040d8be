"""Keys that begin as a vendor's keys do, and random keys and links that need no words around."""

import re
from collections.abc import Iterator
from itertools import pairwise

from maverick_assets.datasets.secrets.rules import Rule, TextSpan, is_placeholder

# AKIA..., ghp_..., xoxb-..., sk_live_...: each vendor's keys begin in their own way. Vendors change
# what follows, so that any letters and figures may.
_VENDOR_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}"
    r"|gh[pousrv]_[A-Za-z0-9]{16,}|github_pat_\w{20,}"
    r"|gl(?:pat|ptt|dt|rt|ft|soat|imt|oas|cbt|agent)-[\w.-]{16,}"
    r"|xox[abceoprsd]-[\w-]{10,}|xoxe\.[\w.-]{20,}|xapp-[\w-]{16,}"
    r"|(?:sk|rk|pk)_(?:live|test|prod)_\w{14,}|whsec_[\w+/=]{16,}"
    r"|sk-(?:[a-z0-9]{2,12}-){0,2}[A-Za-z0-9][\w-]{18,}"
    r"|AIza[\w-]{25,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{16,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|key-[0-9a-f]{20,}|[0-9a-f]{32}-us\d{1,2}|(?:SK|AC)[0-9a-f]{32}"
    r"|npm_\w{24,}|pypi-[\w-]{30,}|hf_[A-Za-z0-9]{24,}|do[opr]_v1_[0-9a-f]{30,}"
    r"|\d{8,10}:AA[\w-]{30,}|shp(?:at|ca|pa|ss|ua)_[0-9a-fA-F]{24,}|ntn_\w{30,}|secret_\w{40,}"
    r"|fig[dou]_[\w-]{24,}|lin_(?:api|oauth)_\w{24,}|dapi[0-9a-f]{24,}|hv[sbr]\.[\w-]{20,}"
    r"|PMAK-[\w-]{30,}|gl(?:c|sa)_[\w+/=]{24,}|AT(?:ATT|CTT)3[\w=-]{24,}|ATBB\w{24,}"
    r"|sq0[a-z]{3}-[\w-]{20,}|EAA[A-Za-z0-9]{50,}|AGE-SECRET-KEY-1[0-9A-Z]{40,}"
    r"|dp\.(?:pt|st|ct|sa|scim|audit)\.\w{24,}|sl\.[\w-]{50,}|NR(?:AK|II|RA)-[0-9A-Za-z-]{20,}"
    r"|gsk_\w{24,}|xai-\w{24,}|ph[cx]_\w{24,}|dckr_(?:pat|oat)_[\w-]{20,}|rnd_\w{20,}|re_\w{6,}_\w{16,}"
    r"|sbp_\w{24,}|[ps]k\.eyJ[\w-]{20,}\.[\w-]{16,}|tskey-[a-z]+-[\w-]{16,}|xkeysib-[\w-]{24,}"
    r"|xsmtpsib-[\w-]{24,}|nvapi-[\w-]{24,}|r8_\w{24,}|pplx-\w{24,}|lsv2_[ps][tk]_\w{24,}|tvly-[\w-]{20,}"
    r"|sntry[su]_[\w+/=-]{24,}|fo1_[\w-]{24,}|fm[12]_[\w+/=]{24,}|FlyV1 \w{3}_[\w+/=,-]{24,}"
    r"|\w{14}\.atlasv1\.[\w-]{30,}|EZ[AT]K\w{30,}|(?:shippo|duffel)_(?:live|test)_[\w-]{20,}"
    r"|rubygems_[0-9a-f]{24,}|ATATT[\w=-]{24,}|oy2[a-z0-9]{40,}|pul-[0-9a-f]{24,}|dt0c01\.\w{20,}\.\w{30,}"
    r"|ops_eyJ[\w-]{30,}|AKCp\w{24,}|pat[A-Za-z0-9]{14}\.[0-9a-f]{30,}|nfp_\w{24,}|CFPAT-[\w-]{24,}"
    r"|zpka_\w{20,}|e2b_\w{24,}|jina_\w{24,}|p8e-\w{24,}|tfp_\w{30,}|LTAI\w{16,}|SCW[A-Z0-9]{16,}"
    r"|vc[prik]_\w{20,}|cio_\w{24,}|apify_api_\w{24,}|napi_\w{24,}|mlsn\.[0-9a-f]{30,}|rpa_\w{24,}"
    r")"
)
# No vendor's key is shorter. Few texts hold such a run, and searching for it is fast.
_LONG_RUN = re.compile(r"[\w.:-]{16}")

# gx_4fT9..., letters in both cases and figures in turns: nothing that people write looks so. A part
# of a web address may, as ids of videos and documents do.
_RANDOM = re.compile(r"(?<![\w/=?&#.@%+:~-])[\w-]{24,400}(?![\w@/=&%]|\.\w)")
_MOST_RUN = 120
_WRAPPED = 44  # characters; a longer line of nothing else is a part of an encoded file

# https://accounts.shop.example/reset?code=Zk3vQ9xT7mLp2WcY8rBn: whoever has the link is in.
_ONE_TIME_LINK = re.compile(
    r"https?://[^\s?#<>\"]{4,200}?(?:[?&#](?:[^\s=&<>\"]{1,30}=[^\s&<>\"]{0,120}&){0,4}"
    r"(?:token|code|key|secret|otp|auth|api_?key|access_token|id_token|jeton|sig|ticket|pwd?|pass"
    r"|reset|verify|confirm|invite|magic|hash|nonce)="
    r"|(?<=account)[^\s?#<>\"]{0,99}\?\w=|(?<=konto)[^\s?#<>\"]{0,99}\?\w=|(?<=conto)[^\s?#<>\"]{0,99}\?\w="
    r"|/(?:reset|login|signin|magic|verify|confirm|activate|invite|auth|token|password)[\w-]{0,20}/)"
    r"([\w.~%+=-]{16,400})",
    re.IGNORECASE,
)


def is_random(value: str) -> bool:
    """Whether letters and figures alternate as they do in no word."""
    run = max(re.split(r"[^A-Za-z0-9]+", value), key=len)
    letter_to_figure = sum(a.isdigit() != b.isdigit() for a, b in pairwise(run))
    case_changes = sum(a.islower() != b.islower() for a, b in pairwise(run) if (a + b).isalpha())
    return len(run) >= 16 and (
        letter_to_figure >= 4 or (letter_to_figure >= 2 and case_changes >= 5)
    )


def _vendor_keys(text: str, _: str) -> Iterator[TextSpan]:
    """Keys of vendors, except for placeholders."""
    if _LONG_RUN.search(text):
        for match in _VENDOR_KEY.finditer(text):
            if not is_placeholder(match.group()):
                yield match.span()


def _random_keys(text: str, _: str) -> Iterator[TextSpan]:
    """Random keys of unknown vendors."""
    for match in _RANDOM.finditer(text):
        run = max(re.split(r"[_-]+", match.group()), key=len)[:_MOST_RUN]
        both_cases = any(map(str.islower, run)) and any(map(str.isupper, run))
        before, after = (
            text[max(match.start() - 1, 0) : match.start()],
            text[match.end() : match.end() + 1],
        )
        if len(run) >= _WRAPPED and before in ("\n", "") and after in ("\n", ""):
            continue
        if len(run) >= 20 and run.isascii() and both_cases and is_random(run):
            yield match.span()


def _one_time_links(text: str, _: str) -> Iterator[TextSpan]:
    """What opens an account in a link that was sent for once."""
    for match in _ONE_TIME_LINK.finditer(text):
        value = match[1]
        has_both = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
        if has_both and is_random(value) and not is_placeholder(value):
            yield match.span(1)


VENDOR_RULES = (
    Rule("vendor-key", (), _vendor_keys),
    Rule("random-key", (), _random_keys),
    Rule("one-time-link", ("://",), _one_time_links),
)
