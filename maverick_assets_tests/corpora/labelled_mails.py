"""Mails whose own words are known: language x mail program x layout, written for this project.

What people and programs write in a language is in `labelled/<language>.yaml`; a new language is
one more file. The layouts here combine these phrases as the programs do.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from maverick_assets_tests.corpora.files import corpus_files, read_corpus

WHO = "Dana Cole <dana.cole@x.example>"


@dataclass(frozen=True)
class LabelledMail:
    """A mail's body, and what cleaning must make of it."""

    name: str
    body: str
    text: str
    quoted: str | None
    forwarded: bool = False


@dataclass(frozen=True)
class MailPhrases:
    """What people type in one language, and what programs put around it."""

    own: list[str]  # three paragraphs that the writer typed
    signed: str  # closing and name
    asked: list[str]  # two paragraphs of the mail that is answered
    introductions: dict[str, str]  # attributions, by program
    labels: dict[str, str]  # of sender, sent, to and subject, as Outlook writes them
    sent: str  # a time, as Outlook writes it
    original: str  # Outlook's separator
    gmail_forward: str  # separators above a forwarded mail
    apple_forward: str
    device: str  # what a telephone adds
    disclaimer: str
    contacts: str  # a contact block, without the name


LANGUAGES = {
    language: MailPhrases(**read_corpus(path))
    for language, path in corpus_files("labelled").items()
}


def labelled_mails() -> Iterator[LabelledMail]:
    """All languages in all layouts; a name begins with its language."""
    for language, phrases in LANGUAGES.items():
        for layout in (_attributed, _outlook, _forwarded, _footers, _html):
            for mail in layout(phrases):
                yield replace(mail, name=f"{language} {mail.name}")


def _attributed(phrases: MailPhrases) -> Iterator[LabelledMail]:
    """Gmail, Apple Mail, Thunderbird: on top, below, between, wrapped, over an older quote."""
    own = f"{phrases.own[0]}\n\n{phrases.own[1]}\n\n{phrases.signed}"
    asked = "\n\n".join(phrases.asked)
    marked = _marked(asked)
    older = _marked(_marked(f"{phrases.own[2]}\n{phrases.signed}"))
    for program, line in phrases.introductions.items():
        for how, head in (("", line), (" wrapped", _wrapped(line)), (" narrow", _wrapped(line, 3))):
            yield LabelledMail(f"{program} top{how}", f"{own}\n\n{head}\n\n{marked}\n", own, asked)
            yield LabelledMail(f"{program} bottom{how}", f"{head}\n{marked}\n\n{own}\n", own, asked)
        first, second = phrases.asked
        answer = f"{phrases.own[2]}\n\n{phrases.signed}"
        between = f"{line}\n> {first}\n\n{phrases.own[0]}\n\n> {second}\n\n{answer}\n"
        kept = f"{phrases.own[0]}\n\n\n{answer}"
        yield LabelledMail(f"{program} between", between, kept, f"{first}\n{second}")
        nested = f"{own}\n\n{line}\n{marked}\n>\n> {line}\n{older}\n"
        yield LabelledMail(f"{program} older quote", nested, own, asked)
        yield LabelledMail(f"{program} no marks", f"{own}\n\n{line}\n\n{asked}\n", own, asked)
        device = f"{own}\n\n{phrases.device}\n\n{line}\n\n{marked}\n"
        yield LabelledMail(f"{program} device", device, own, asked)
    greeting = f"{phrases.own[0]}\n\n{marked}\n\n{phrases.own[1]}\n"
    yield LabelledMail("plain marks", greeting, f"{phrases.own[0]}\n\n\n{phrases.own[1]}", asked)


def _outlook(phrases: MailPhrases) -> Iterator[LabelledMail]:
    """The block of From, Sent, To, Subject under several separators."""
    own = f"{phrases.own[0]}\n\n{phrases.own[2]}\n\n{phrases.signed}"
    asked = "\n\n".join(phrases.asked)
    values = (WHO, phrases.sent, "Allan Price <allan@testpilot.example>", "Re: 30 %")
    fields = list(zip(phrases.labels.values(), values, strict=True))
    block = "\n".join(f"{label} {value}" for label, value in fields)
    bold = "\n".join(f"*{label}* {value}" for label, value in fields)
    many = ";\n Lee Iverson <lee@y.example>; Kim Vale <kim@y.example>"
    wrapped = block.replace("testpilot.example>", f"testpilot.example>{many}")
    heads = {
        "block": block,
        "bold block": bold,
        "wrapped block": wrapped,
        "blank lines in block": block.replace("\n", "\n\n"),
        "underscores": f"{'_' * 32}\n{block}",
        "underscores, blank line": f"{'_' * 32}\n\n{block}",
        "original message": f"{phrases.original}\n{block}",
    }
    for name, head in heads.items():
        yield LabelledMail(f"outlook {name}", f"{own}\n\n{head}\n\n{asked}\n", own, asked)
    older = f"{own}\n\n{block}\n\n{asked}\n\n{block}\n\n{phrases.own[1]}\n"
    yield LabelledMail("outlook older block", older, own, asked)


def _forwarded(phrases: MailPhrases) -> Iterator[LabelledMail]:
    own = f"{phrases.own[2]}\n\n{phrases.signed}"
    asked = "\n\n".join(phrases.asked)
    sender, sent, to, subject = phrases.labels.values()
    block = f"{sender} {WHO}\n{sent} {phrases.sent}\n{subject} 30 %\n{to} <allan@testpilot.example>"
    english = f"From: {WHO}\nDate: {phrases.sent}\nSubject: 30 %\nTo: <allan@testpilot.example>"
    for name, head in (
        ("gmail", f"{phrases.gmail_forward}\n{block}\n"),
        ("gmail English labels", f"{phrases.gmail_forward}\n{english}\n"),
        ("apple", f"{phrases.apple_forward}\n\n{block}\n"),
    ):
        yield LabelledMail(f"forward {name}", f"{own}\n\n{head}\n\n{asked}\n", own, asked, True)
        yield LabelledMail(f"forward {name}, bare", f"{head}\n\n{asked}\n", "", asked, True)
    marked = f"{own}\n\n{phrases.apple_forward}\n\n{_marked(block)}\n>\n{_marked(asked)}\n"
    yield LabelledMail("forward apple marked", marked, own, asked, True)


def _footers(phrases: MailPhrases) -> Iterator[LabelledMail]:
    own = f"{phrases.own[0]}\n\n{phrases.own[2]}\n\n{phrases.signed}"
    line = phrases.introductions["gmail"]
    asked = "\n\n".join(phrases.asked)
    signature = f"-- \nAllan Price\n{phrases.contacts}"
    footers = {
        "device": f"\n\n{phrases.device}",
        "disclaimer": f"\n\n{phrases.disclaimer}",
        "signature": f"\n\n{signature}",
        "contacts": f"\n{phrases.contacts}",
        "contacts, blank line": f"\n\n{phrases.contacts}",
        "contacts with name": f"\n\nAllan Price\n{phrases.contacts}",
        "contacts, disclaimer": f"\n{phrases.contacts}\n\n{phrases.disclaimer}",
        "signature, disclaimer": f"\n\n{signature}\n\n{phrases.disclaimer}",
    }
    for name, footer in footers.items():
        yield LabelledMail(name, f"{own}{footer}\n", own, None)
        quoted = f"{own}{footer}\n\n{line}\n{_marked(f'{asked}{footer}')}\n"
        if not name.startswith("contacts"):
            yield LabelledMail(f"{name} twice", quoted, own, asked)
    full = f"{own} Price"
    yield LabelledMail("contacts under full name", f"{full}\n{phrases.contacts}\n", full, None)


def _html(phrases: MailPhrases) -> Iterator[LabelledMail]:
    """Quoted blocks as Gmail, Outlook, Apple Mail and Thunderbird write them in HTML."""
    rows = f"{phrases.own[2]}\n\n{phrases.signed}".split("\n")
    own = "\n".join(rows)
    typed = "".join(f"<div>{_escaped(row) or '<br>'}</div>" for row in rows)
    asked = "\n\n".join(phrases.asked)
    words = "".join(f"<p>{_escaped(paragraph)}</p>" for paragraph in phrases.asked)
    line = _escaped(phrases.introductions["gmail"])
    yield LabelledMail(
        "html gmail",
        f'<div dir="ltr">{typed}</div><br><div class="gmail_quote"><div dir="ltr" '
        f'class="gmail_attr">{line}<br></div><blockquote class="gmail_quote" '
        f'style="margin:0 0 0 .8ex">{words}</blockquote></div>',
        own,
        asked,
    )
    apple = _escaped(phrases.introductions["apple"])
    yield LabelledMail(
        "html apple",
        f'<html><head></head><body dir="auto">{typed}<div><br><blockquote type="cite"><div>{apple}'
        f'</div><br></blockquote></div><blockquote type="cite"><div dir="ltr">{words}</div>'
        "</blockquote></body></html>",
        own,
        asked,
    )
    thunderbird = _escaped(phrases.introductions["thunderbird"])
    yield LabelledMail(
        "html thunderbird",
        f'<!DOCTYPE html>\n<html><body>{typed}<div class="moz-cite-prefix">{thunderbird}<br></div>'
        f'\n<blockquote type="cite" cite="mid:1@x">{words}</blockquote></body></html>',
        own,
        asked,
    )
    values = (WHO, phrases.sent, "Allan", "Re: 30 %")
    fields = "<br>".join(
        f"<b>{label}</b> {_escaped(value)}"
        for label, value in zip(phrases.labels.values(), values, strict=True)
    )
    outlook = {
        "html outlook web": f'<hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr"><font>'
        f"{fields}</font><div>&nbsp;</div></div>",
        "html outlook desktop": '<div style="border:none;border-top:solid #E1E1E1 1.0pt;'
        f'padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">{fields}</p></div>',
        "html outlook, unknown labels": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">'
        "<b>Lähettäjä:</b> Dana Cole<br><b>Aihe:</b> 30 %</div>",
    }
    for name, head in outlook.items():
        yield LabelledMail(
            name, f"<html><body>{typed}{head}<div>{words}</div></body></html>", own, asked
        )


def _marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _wrapped(line: str, parts: int = 2) -> str:
    """The line broken at spaces into about equal parts, as programs do at 76 characters."""
    words = line.split(" ")
    size = -(-len(words) // parts)
    return "\n".join(" ".join(words[i : i + size]) for i in range(0, len(words), size))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
