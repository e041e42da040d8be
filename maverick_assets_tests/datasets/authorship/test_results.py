"""Headers of results are read as RFC 8601 has them, and as servers write them instead."""

import pytest

from maverick_assets.datasets.authorship.results import read_results, verdict

DOMAIN = "x.example"


@pytest.mark.parametrize(
    ("header", "server", "expected"),
    [
        (f"mx.y.example; dmarc=pass header.from={DOMAIN}", "mx.y.example", "pass"),
        (f"mx.y.example 1; dmarc=pass (p=none) header.from={DOMAIN}", "mx.y.example", "pass"),
        (f"spf=pass smtp.mailfrom={DOMAIN}; dmarc=bestguesspass header.from={DOMAIN}", "", "pass"),
        (f"y; dkim=pass header.d=mail.{DOMAIN}", "y", "pass"),
        (f"y; dkim=pass header.i=@{DOMAIN}; dkim=fail header.d=list.example", "y", "pass"),
        (f"y; spf=pass smtp.mailfrom=bounce@news.{DOMAIN}", "y", "pass"),
        (f"y; dmarc=none header.from={DOMAIN}; spf/1=pass smtp.mailfrom={DOMAIN}", "y", "pass"),
        # Nobody checked, or it is about somebody else
        ("y; none", "y", "none"),
        ("y; dkim=pass", "y", "none"),
        ("y; dkim=pass header.d=z.example; spf=pass smtp.mailfrom=z.example", "y", "none"),
        (f"y; dkim=pass header.d={DOMAIN}.z.example", "y", "none"),
        (f"y; dkim=pass header.d=z.example header.i=@{DOMAIN}", "y", "none"),
        ("y; dmarc=pass header.from=z.example", "y", "none"),
        ("y; spf=neutral smtp.mailfrom=z.example", "y", "none"),
        # Against
        (f"y; dmarc=fail (p=reject) header.from={DOMAIN}", "y", "fail"),
        (f"y; dkim=pass header.d={DOMAIN}; dmarc=fail header.from={DOMAIN}", "y", "fail"),
        (f"y; spf=softfail smtp.mailfrom={DOMAIN}; dkim=none", "y", "fail"),
        (f"spf=none; dmarc=none header.from={DOMAIN};compauth=fail reason=001", "", "fail"),
        # Comments and quoted texts hold what a forger chose
        (f"y; dmarc=fail (dmarc=pass header.from={DOMAIN})", "y", "fail"),
        (f'y; spf=none reason="; dmarc=pass header.from={DOMAIN}"', "y", "none"),
        (f"y; spf=none (a (b) ; dmarc=pass header.from={DOMAIN};", "y", "none"),
        (f"y; spf=none (a \\) ; dmarc=pass header.from={DOMAIN})", "y", "none"),
    ],
)
def test_results_speak_for_or_against_an_author(header: str, server: str, expected: str) -> None:
    results = read_results(header)
    assert (results.server, verdict(list(results.found), DOMAIN)) == (server, expected)
