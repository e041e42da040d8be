"""What receiving servers found of a mail: `Authentication-Results` (RFC 8601).

A reader of our own, because Exchange, Zoho and others write headers that RFC 8601 forbids, and the
library for them (`authres`) refuses these. Comments and quoted texts may hold what a forger chose,
so they are cut before anything is read.
"""

import re
from dataclasses import dataclass

from maverick_assets.datasets.authorship.headers import PRIVATE, domain_of, organization

MAX_CHARACTERS = 4_000  # of a header that is read

# "dkim=pass header.d=acme.example"; a method may have a version: "spf/1=pass"
_METHOD = re.compile(r"\s*([\w-]+)(?:\s*/\s*\d+)?\s*=\s*(\w+)")
_PROPERTY = re.compile(r"([\w-]+\.[\w-]+)\s*=\s*(\S+)")
_PASSES = frozenset({"pass", "bestguesspass"})


@dataclass(frozen=True)
class Result:
    """What one method found."""

    method: str  # dmarc, dkim, spf, arc, compauth, ...
    outcome: str  # pass, fail, none, ...
    properties: tuple[tuple[str, str], ...] = ()  # "header.d" and the like, in lower case

    def domains(self, *names: str) -> list[str]:
        return [domain_of(value) for name, value in self.properties if name in names and value]


@dataclass(frozen=True)
class Results:
    """One header: which server wrote it, and its results."""

    server: str  # authserv-id; empty where the header names none, as Exchange's
    found: tuple[Result, ...]


def read_results(header: str) -> Results:
    """The results in a header; what cannot be read is left out."""
    parts = _plain(header[:MAX_CHARACTERS]).lower().split(";")
    server = ""
    if "=" not in parts[0]:  # "mx.acme.example 1"
        server = next(iter(parts[0].split()), "")
        parts = parts[1:]
    found = []
    for part in parts:
        match = _METHOD.match(part)
        if match:
            properties = tuple(_PROPERTY.findall(part, match.end()))
            found.append(Result(match[1], match[2], properties))
    return Results(server, tuple(found))


def verdict(found: list[Result], domain: str) -> str:
    """Whether results speak for (`pass`) or against (`fail`) a From of `domain`; else `none`.

    DMARC decides where it was asked. Without a policy, a signature or an envelope of the same
    organization is what DMARC would have asked for.
    """
    aligned = [result for result in found if _is_of(result, domain)]
    dmarc = [result for result in found if result.method == "dmarc"]
    if any(result.outcome == "fail" for result in dmarc):
        return "fail"
    if any(result.method == "compauth" and result.outcome == "fail" for result in found):
        return "fail"
    if any(result.outcome in _PASSES for result in dmarc):
        return "pass" if all(result in aligned for result in dmarc) else "none"
    if any(result.outcome == "pass" and result.method in ("dkim", "spf") for result in aligned):
        return "pass"
    envelope = [result.outcome for result in found if result.method == "spf"]
    return "fail" if set(envelope) & {"fail", "softfail"} else "none"


def passing_domains(found: list[Result]) -> frozenset[str]:
    """Organizations whose signature or envelope passed, whatever From says."""
    return frozenset(
        organization(domain)
        for result in found
        if result.outcome == "pass" and result.method in ("dkim", "spf")
        for domain in result.domains("header.d", "header.i", "smtp.mailfrom")
    )


def _is_of(result: Result, domain: str) -> bool:
    """Whether a result is about a From of `domain`."""
    if result.method == "dmarc":
        # Some leave out which From they judged; those that say it must mean this one.
        judged = result.domains("header.from")
        return bool(domain) and all(name == domain for name in judged)
    names = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}.get(result.method, ())
    # A key of the same name in several properties: all must agree, so that none is picked.
    domains = [name for name in result.domains(*names) if name]
    wanted = organization(domain)
    if wanted == PRIVATE:  # all of these are named alike
        return False
    return bool(domains) and all(organization(name) == wanted for name in domains)


def _plain(header: str) -> str:
    """A header without comments, which may be nested, and without quoted texts."""
    kept = []
    depth = 0
    quoted = escaped = False
    for letter in header:
        if escaped:
            escaped = False
        elif letter == "\\" and (depth or quoted):
            escaped = True
        elif letter == '"' and not depth:
            quoted = not quoted
        elif quoted:
            continue
        elif letter == "(":
            depth += 1
            kept.append(" ")
        elif letter == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(letter)
    return "".join(kept)
