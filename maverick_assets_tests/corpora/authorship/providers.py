"""What receiving mail servers write above a mail, in the style of each provider.

The styles follow published documentation and header examples of the providers. Hosts of providers
are their real names, as rules may rest on them; persons, domains and addresses are invented.
"""

from collections.abc import Callable
from dataclasses import dataclass

HeaderLines = list[tuple[str, str]]  # from the top of the message down

OWN_DOMAIN = "kern-ovens.example"
OWNER = f"allan@{OWN_DOMAIN}"
OWN_HOST = f"mail.{OWN_DOMAIN}"


@dataclass(frozen=True)
class Arrival:
    """A mail as the first server of its receiver sees it."""

    domain: str  # of From
    rdns: str  # verified name of the host that hands the mail over
    ip: str
    mail_from: str = ""  # domain of the envelope's sender; empty: that of From
    helo: str = ""  # empty: the verified name
    spf: str = "pass"
    dkim: str = "pass"
    signer: str = ""  # domain of the signature; empty: that of From
    dmarc: str = "pass"
    arc: str = ""  # what the receiver found of the ARC chain
    header_from: str = ""  # domain that the receiver took From to have; empty: that of From
    number: int = 0  # makes ids and hosts differ

    @property
    def envelope(self) -> str:
        return self.mail_from or self.domain

    @property
    def signed_by(self) -> str:
        return self.signer or self.domain

    @property
    def greeting(self) -> str:
        return self.helo or self.rdns

    @property
    def judged(self) -> str:
        return self.header_from or self.domain


def _date(number: int) -> str:
    return f"Tue, {number % 27 + 1} Jun 2025 09:{number % 60:02}:11 +0000"


def gmail(mail: Arrival) -> HeaderLines:
    results = (
        f"mx.google.com; dkim={mail.dkim} header.i=@{mail.signed_by} header.s=s1 "
        f"header.b=Qx7{mail.number}"
        f"{f'; arc={mail.arc}' if mail.arc else ''}; spf={mail.spf} (google.com: domain of "
        f"x@{mail.envelope} designates {mail.ip} as permitted sender) "
        f"smtp.mailfrom=x@{mail.envelope}"
    )
    if mail.dmarc != "none":
        results += f"; dmarc={mail.dmarc} (p=REJECT sp=REJECT dis=NONE) header.from={mail.judged}"
    return [
        ("Delivered-To", "allan.kern@gmail.com"),
        (
            "Received",
            f"by 2002:a05:7300:641f:b0:{mail.number:x}:1 with SMTP id j31; {_date(mail.number)}",
        ),
        ("ARC-Authentication-Results", f"i={2 if mail.arc else 1}; {results}"),
        ("Return-Path", f"<x@{mail.envelope}>"),
        (
            "Received",
            f"from {mail.greeting} ({mail.rdns}. [{mail.ip}]) by mx.google.com with ESMTPS id "
            f"d9{mail.number} for <allan.kern@gmail.com>; {_date(mail.number)}",
        ),
        (
            "Received-SPF",
            f"{mail.spf} (google.com: domain of x@{mail.envelope}) client-ip={mail.ip};",
        ),
        ("Authentication-Results", results),
    ]


def exchange_online(mail: Arrival) -> HeaderLines:
    verdict = {"pass": "pass reason=100", "fail": "fail reason=000"}.get(mail.dmarc, "none")
    return [
        (
            "Received",
            f"from AM0PR04MB{mail.number}.eurprd04.prod.outlook.com "
            f"(2603:10a6:208::{mail.number:x}) "
            f"by DB9PR04MB77.eurprd04.prod.outlook.com with HTTPS; {_date(mail.number)}",
        ),
        (
            "Received",
            f"from {mail.rdns} ({mail.ip}) by "
            f"AM7EUR03FT{mail.number:03}.mail.protection.outlook.com "
            f"(10.152.16.1) with Microsoft SMTP Server id 15.20; {_date(mail.number)}",
        ),
        (
            "Authentication-Results",
            f"spf={mail.spf} (sender IP is {mail.ip}) smtp.mailfrom={mail.envelope}; "
            f"dkim={mail.dkim} "
            f"(signature was verified) header.d={mail.signed_by};dmarc={mail.dmarc} action=none "
            f"header.from={mail.judged};compauth={verdict}",
        ),
        (
            "Received-SPF",
            f"{mail.spf.title()} (protection.outlook.com: domain of {mail.envelope}) "
            "receiver=protection.outlook.com;",
        ),
        ("X-MS-Exchange-Organization-AuthAs", "Anonymous"),
        ("Return-Path", f"x@{mail.envelope}"),
    ]


def fastmail(mail: Arrival) -> HeaderLines:
    host = f"mx{mail.number % 6 + 1}.messagingengine.com"
    return [
        (
            "Received",
            f"from phl-compute-{mail.number % 9}.internal by sloti{mail.number % 40}d3t05 (Cyrus) "
            f"with LMTPA; {_date(mail.number)}",
        ),
        (
            "Received",
            f"from mx1 ([10.202.2.200]) by phl-compute-03.internal (LMTPProxy); {_date(1)}",
        ),
        (
            "Authentication-Results",
            f"{host}; arc={mail.arc or 'none (no signatures found)'}; dkim={mail.dkim} "
            f"(2048-bit rsa "
            f"key sha256) header.d={mail.signed_by} header.i=@{mail.signed_by}; "
            f"dmarc={mail.dmarc} policy.published-domain-policy=none header.from={mail.judged}; "
            f"iprev=pass smtp.remote-ip={mail.ip} ({mail.rdns}); "
            f"spf={mail.spf} smtp.mailfrom=x@{mail.envelope} smtp.helo={mail.greeting}",
        ),
        (
            "Received",
            f"from {mail.greeting} ({mail.rdns} [{mail.ip}]) (using TLSv1.3) by {host} "
            f"(Postfix) with "
            f"ESMTPS for <{OWNER}>; {_date(mail.number)}",
        ),
    ]


def gmx(mail: Arrival) -> HeaderLines:
    return [
        ("Return-Path", f"<x@{mail.envelope}>"),
        ("Authentication-Results", f"gmx.net; dkim={mail.dkim} header.i=@{mail.signed_by}"),
        (
            "Received",
            f"from {mail.greeting} ([{mail.ip}]) by mx-ha.gmx.net (mxgmx{mail.number % 20:03} "
            f"[212.227.15.9]) with ESMTPS (Nemesis) id 1Mh-{mail.number}; {_date(mail.number)}",
        ),
    ]


def _postfix_line(mail: Arrival, host: str = OWN_HOST) -> tuple[str, str]:
    return (
        "Received",
        f"from {mail.greeting} ({mail.rdns} [{mail.ip}]) (using TLSv1.3 with cipher X) "
        f"by {host} (Postfix) with ESMTPS id 4Bq{mail.number} for <{OWNER}>; {_date(mail.number)}",
    )


def own_server_with_milters(mail: Arrival) -> HeaderLines:
    dkim = [
        (
            "Authentication-Results",
            f"{OWN_HOST}; dkim={mail.dkim} header.d={mail.signed_by} header.i=@x",
        )
    ]
    return [
        ("Return-Path", f"<x@{mail.envelope}>"),
        ("Delivered-To", OWNER),
        (
            "Authentication-Results",
            f"{OWN_HOST}; dmarc={mail.dmarc} (p=none dis=none) header.from={mail.judged}",
        ),
        *(dkim if mail.dkim != "none" else []),
        _postfix_line(mail),
    ]


def own_server_with_rspamd(mail: Arrival) -> HeaderLines:
    return [
        ("Return-Path", f"<x@{mail.envelope}>"),
        (
            "Received",
            f"from {OWN_HOST} ([172.22.1.253]) by d3b07384 with LMTP id {mail.number}; {_date(1)}",
        ),
        _postfix_line(mail),
        (
            "Authentication-Results",
            f"{OWN_HOST}; dkim={mail.dkim} header.d={mail.signed_by} header.s=dkim "
            f"header.b=aB{mail.number}; "
            f"dmarc={mail.dmarc} (policy=reject) header.from={mail.judged}; spf={mail.spf} "
            f"({OWN_HOST}: domain of x@{mail.envelope}) smtp.mailfrom=x@{mail.envelope}",
        ),
    ]


def own_server_without_checks(mail: Arrival) -> HeaderLines:
    return [
        ("Return-Path", f"<x@{mail.envelope}>"),
        ("Delivered-To", OWNER),
        (
            "Received",
            f"from localhost (localhost [127.0.0.1]) by {OWN_HOST} (Postfix) with ESMTP; "
            f"{_date(1)}",
        ),
        (
            "Received",
            f"from {OWN_HOST} ([127.0.0.1]) by localhost (amavisd-new, port 10024) with ESMTP",
        ),
        _postfix_line(mail),
    ]


def own_server_with_exim(mail: Arrival) -> HeaderLines:
    return [
        ("Return-path", f"<x@{mail.envelope}>"),
        ("Envelope-to", OWNER),
        (
            "Received",
            f"from {mail.rdns} ([{mail.ip}]:4{mail.number:04} helo={mail.greeting}) by "
            f"{OWN_HOST} with "
            f"esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim 4.96) (envelope-from "
            f"<x@{mail.envelope}>) id 1tX{mail.number} for {OWNER}; {_date(mail.number)}",
        ),
    ]


def own_server_with_spf(mail: Arrival) -> HeaderLines:
    return [
        ("Return-Path", f"<x@{mail.envelope}>"),
        (
            "Received-SPF",
            f"{mail.spf.title()} (mailfrom) identity=mailfrom; client-ip={mail.ip}; "
            f"helo={mail.greeting}; envelope-from=x@{mail.envelope}; receiver=<UNKNOWN>",
        ),
        _postfix_line(mail),
    ]


def icloud(mail: Arrival) -> HeaderLines:
    return [
        (
            "Received",
            f"from p00-icloudmta-asmtp-us-east-1a-{mail.number}.p00-icloudmta-asmtp.svc.local by "
            f"p106-mailgateway-smtp.icloud.com with LMTP; {_date(mail.number)}",
        ),
        ("Authentication-Results", 'bimi.icloud.com; bimi=skipped reason="insufficient dmarc"'),
        (
            "Authentication-Results",
            f"dmarc.icloud.com; dmarc={mail.dmarc} header.from={mail.judged}",
        ),
        (
            "Authentication-Results",
            f"dkim-verifier.icloud.com; dkim={mail.dkim} (2048-bit key) header.d={mail.signed_by} "
            f"header.i=@{mail.signed_by} header.b=x{mail.number}",
        ),
        (
            "Authentication-Results",
            f"spf.icloud.com; spf={mail.spf} (spf.icloud.com: domain of x@{mail.envelope} "
            f"designates "
            f"{mail.ip} as permitted sender) smtp.mailfrom=x@{mail.envelope}",
        ),
        (
            "Received",
            f"from {mail.greeting} ({mail.rdns} [{mail.ip}]) by ms1.mail.icloud.com (Postfix) with "
            f"ESMTPS id 5C{mail.number}; {_date(mail.number)}",
        ),
    ]


def yahoo(mail: Arrival) -> HeaderLines:
    return [
        ("X-Apparently-To", "allan.kern@yahoo.com"),
        ("Return-Path", f"<x@{mail.envelope}>"),
        (
            "Authentication-Results",
            f"atlas{mail.number}.free.mail.bf1.yahoo.com; dkim={mail.dkim} "
            f"header.i=@{mail.signed_by} "
            f"header.s=s1; spf={mail.spf} smtp.mailfrom={mail.envelope}; "
            f"dmarc={mail.dmarc}(p=REJECT) header.from={mail.judged};",
        ),
        (
            "Received",
            f"from {mail.ip} (EHLO {mail.greeting}) by 10.197.36.{mail.number % 250} with SMTPs "
            f"(version=TLS1_3 cipher=X); {_date(mail.number)}",
        ),
    ]


def proton(mail: Arrival) -> HeaderLines:
    host = f"mailin{mail.number % 60:03}.protonmail.ch"
    return [
        ("Return-Path", f"<x@{mail.envelope}>"),
        ("X-Original-To", OWNER),
        ("Delivered-To", OWNER),
        (
            "Authentication-Results",
            f"mail.protonmail.ch; dmarc={mail.dmarc} (p=quarantine dis=none) "
            f"header.from={mail.judged}",
        ),
        (
            "Authentication-Results",
            f"mail.protonmail.ch; spf={mail.spf} smtp.mailfrom={mail.envelope}",
        ),
        (
            "Authentication-Results",
            f"mail.protonmail.ch; dkim={mail.dkim} (2048-bit key) header.d={mail.signed_by} "
            f"header.i=@{mail.signed_by}",
        ),
        (
            "Received",
            f"from {mail.greeting} ({mail.rdns} [{mail.ip}]) (using TLSv1.3) by {host} "
            f"(Postfix) with "
            f"ESMTPS id 4Z{mail.number} for <{OWNER}>; {_date(mail.number)}",
        ),
    ]


def zoho(mail: Arrival) -> HeaderLines:
    return [
        ("Delivered-To", OWNER),
        (
            "Authentication-Results",
            f"mx.zohomail.com; dkim={mail.dkim}; spf={mail.spf} (zohomail.com: domain of "
            f"{mail.envelope} designates {mail.ip} as permitted sender) "
            f"smtp.mailfrom=x@{mail.envelope}; "
            f"dmarc={mail.dmarc} header.from=<x@{mail.judged}> (p=none dis=none)",
        ),
        ("Return-Path", f"<x@{mail.envelope}>"),
        (
            "Received",
            f"from {mail.greeting} ({mail.rdns} [{mail.ip}]) by mx.zohomail.com with SMTPS id "
            f"17{mail.number}; {_date(mail.number)}",
        ),
    ]


PROVIDERS: dict[str, Callable[[Arrival], HeaderLines]] = {
    function.__name__: function
    for function in (
        *(gmail, exchange_online, fastmail, gmx, own_server_with_milters, own_server_with_rspamd),
        *(own_server_without_checks, own_server_with_exim, own_server_with_spf, icloud, yahoo),
        *(proton, zoho),
    )
}
