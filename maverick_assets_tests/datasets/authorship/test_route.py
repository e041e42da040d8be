"""Of a path only the lines are believed that the receiver's own servers wrote."""

import pytest

from maverick_assets.datasets.authorship.route import began_at, believed, read_hops

DOMAIN = "x.example"
BY_OWN = f"by mx.{DOMAIN} (Postfix) with ESMTPS id 1"
LOGIN = f"from [192.168.1.7] (pc [192.168.1.7]) by mail.{DOMAIN} (Postfix) with ESMTPSA id 2"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([LOGIN], True),
        ([f"from out.{DOMAIN} (out.{DOMAIN} [192.0.2.1]) {BY_OWN}"], True),
        ([f"from out.{DOMAIN} (out.{DOMAIN} [192.0.2.1]) {BY_OWN}", LOGIN], True),
        (["from localhost (localhost [127.0.0.1]) by mx.x.example with ESMTP", LOGIN], True),
        ([f"by mail.{DOMAIN} (Postfix, from userid 1000) id 3"], True),
        ([f"from out.{DOMAIN} ([192.0.2.1] helo=pc) by mx.{DOMAIN} with esmtps (Exim 4.9)"], True),
        ([f"from a.{DOMAIN} ([10.1.1.1]) by b.{DOMAIN} with Microsoft SMTPSVC"], True),
        # From elsewhere, whatever it calls itself, and whatever stands below
        ([f"from out.{DOMAIN} (host.z.example [192.0.2.1]) {BY_OWN}"], False),
        ([f"from out.{DOMAIN} (unknown [192.0.2.1]) {BY_OWN}"], False),
        ([f"from out.{DOMAIN} ([192.0.2.1]) {BY_OWN}"], False),
        ([f"from z.example (z.example [192.0.2.1]) {BY_OWN}", LOGIN], False),
        ([f"from [192.0.2.1] (helo=out.{DOMAIN}) by mx.{DOMAIN} with esmtp (Exim 4.9)"], False),
        # Somebody logged in, but not there
        (["from [192.168.1.7] by smtp.provider.example with ESMTPSA id 2"], False),
        # A program of the server, such as a form of its site
        ([f"by www.{DOMAIN} (Postfix, from userid 33) id 3"], False),
        ([f"from www-data by www.{DOMAIN} with local (Exim 4.9)"], False),
        ([f"from www.{DOMAIN} (www.{DOMAIN} [192.0.2.1]) {BY_OWN}", "nonsense"], True),
        ([], False),
        (["nonsense"], False),
    ],
)
def test_a_path_begins_at_a_domain_or_does_not(lines: list[str], expected: bool) -> None:
    assert began_at(read_hops(lines), DOMAIN) is expected


def test_lines_below_the_one_from_outside_are_not_believed() -> None:
    hops = read_hops(
        [
            "by 2002:a05:6214:641f with SMTP id j31",
            "from pool.z.example (pool.z.example. [203.0.113.9]) by mx.google.com with ESMTPS",
            "from [192.168.1.7] by mail.x.example with ESMTPSA",
        ]
    )
    assert [hop.by for hop in believed(hops)] == ["2002:a05:6214:641f", "mx.google.com"]
