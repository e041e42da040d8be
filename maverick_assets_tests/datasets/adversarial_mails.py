"""Mails of a megabyte that make a careless cleaner slow."""

_SIZE = 1_000_000


def _of(unit: str) -> str:
    return unit * (_SIZE // len(unit))


ADVERSARIAL = {
    "quoted lines": _of("> a\n"),
    "one quote mark after another": _of(">"),
    "200 levels of quotes": _of(">" * 200 + " x\n"),
    "quote marks with spaces": _of("> > > > > > > > > > x\n"),
    "On": _of("On "),
    "lines of On": _of("On a\n"),
    "dates of attributions": _of("On 3 Jun 2025\n"),
    "attributions": _of("On 3 Jun 2025 Dana wrote:\n\n"),
    "attributions and quotes": _of("On 3 Jun 2025 Dana wrote:\n> a\nb\n"),
    "wrote:": _of("Dana wrote:\n"),
    "addresses before colons": _of("<a@b.c> 1:\n"),
    "colons": _of("1:\n"),
    "spaces": _of(" "),
    "spaces and a word": " " * _SIZE + "x",
    "words among spaces": _of("x" + " " * 99),
    "odd spaces": _of("\t \u00a0"),
    "empty lines": _of("\n"),
    "From": _of("From: a\n"),
    "From without end": _of("From: "),
    "To and blank lines": _of("To: a\n\n"),
    "headers": _of("From: a\nSent: b\nTo: c\nSubject: d\n\n"),
    "half a header": _of("From: a\n" + "b\n" * 400),
    "dates": _of("11/11/2000 11:11\n"),
    "dates above a header": _of("Dana\n11/11/2000 11:11 AM\n") + "To: a\nSubject: b\n\nc",
    "digits": _of("1"),
    "telephone numbers": "Best,\nA\n" + _of("+1 212 555 0100 "),
    "signatures": _of("--\n"),
    "signatures with names": _of("-- \nA\n"),
    "rules": _of("_" * 30 + "\n"),
    "rules over headers": _of("_" * 30 + "\nFrom: a\n"),
    "separators": _of("---------- Forwarded by x\n"),
    "closings": _of("Best,\nA\n"),
    "devices": _of("Sent from my iPhone\n"),
    "attachments": _of("<<a.doc>>\n"),
    "disclaimers": _of("confidential\n\n"),
    "unsubscribe": _of("newsletter abmelde"),
    "divs": _of("<div>"),
    "closed divs": "<div>" * 100_000 + "</div>" * 80_000,
    "blockquotes": _of("<blockquote>"),
    "line breaks": _of("<br>"),
    "table cells": "<html><table><tr>" + _of("<td>a</td>") + "</tr></table></html>",
    "open tags": _of("<"),
    "entities": "<p>" + _of("&lt;div&gt;") + "</p>",
}
