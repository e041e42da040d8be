"""The visible text of HTML, as a mail program would write it in plain text."""

import html as entities
import re
from typing import cast

import lxml.html
from lxml.etree import ParserError, iterwalk

_BLOCKS = frozenset(
    [
        *("address", "article", "blockquote", "body", "center", "dd", "div", "dl", "dt", "footer"),
        *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre"),
        *("section", "table", "tr", "ul"),
    ]
)
_INVISIBLE = frozenset(["script", "style", "head", "title", "template", "noscript"])
# Outlook, the margin of a paragraph that is one line: "margin:0cm", "margin:0in 0in 8pt"
_NO_MARGIN = re.compile(r"margin:0(?:px|cm|in|;|$)")
# A picture inside the page: "data:image/png;base64,iVBORw0KGgo"; nothing of it is text
_DATA_URL = re.compile(r"data:[\w.+-]{0,40}/?[\w.+-]{0,60}(?:;[\w=.+-]{0,60})*,[^\s\"'<>)]*")
# libxml2 follows no more levels, and leaves out what is below them.
_MAX_LEVELS = 2_000
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z!?][\w-]{0,20})[^<>]*>")
_SPACE = re.compile(r"[ \t\r\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
MAX_PAGE_CHARACTERS = 2_000_000
MAX_TAGS = 200_000
# Every level of quotes is marked anew, so that 250 of them cost 250 times their text.
_MAX_MARKED_CHARACTERS = 20_000_000


class TooMuchText(ValueError):
    """A text that nobody typed, and that would take too long to read."""


def html_to_text(html: str) -> str:
    """The visible text of an HTML mail; quoted blocks get `>` marks as in plain text.

    Raises `TooMuchText` for a page that is too long, or whose quotes are.
    """
    html = _DATA_URL.sub("data:,", html)
    if len(html) > MAX_PAGE_CHARACTERS:
        raise TooMuchText(f"HTML of more than {MAX_PAGE_CHARACTERS:,} characters")
    if html.count("<") > MAX_TAGS:
        raise TooMuchText(f"HTML of more than {MAX_TAGS:,} tags")
    # The text is decoded already, but the page may still declare its old encoding. The parser
    # ignores that declaration when it gets bytes together with their encoding.
    parser = lxml.html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
    )
    try:
        root = lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (ParserError, ValueError):  # an empty page; characters that XML does not have
        return ""
    out = _Output()
    try:
        _render(root, out)
    except _TooDeep:
        return _tidy(_without_tags(html))
    return _tidy("".join(out).replace("\u00a0", " "))


class _TooDeep(Exception):
    """A page with more levels than its tree has."""


class _Output(list[str]):
    """The parts of a text that is being written."""

    marked = 0  # characters that got a quote mark, on all levels so far

    def add_quote(self, quote: "_Output") -> None:
        """Append a quote's text with a mark before each line."""
        lines = _tidy("".join(quote)).split("\n")
        text = "\n" + "".join(f"> {line}".rstrip() + "\n" for line in lines)
        self.marked = quote.marked + len(text)
        if self.marked > _MAX_MARKED_CHARACTERS:
            raise TooMuchText("too many quotes within quotes")
        self.append(text)


def _render(root: lxml.html.HtmlElement, out: _Output) -> None:
    """Append a page's text, with lines where a browser shows them.

    Blocks begin and end lines. Paragraphs keep a blank line between them. A block with nothing but
    a break is one empty line. Raises `_TooDeep`.
    """
    outs = [out]  # of the page, and of each quote that is open
    levels = 0
    walk = iterwalk(root, events=("start", "end"))
    for event, node in walk:
        element = cast(lxml.html.HtmlElement, node)
        is_leaf = element.tag == "br" or element.tag in _INVISIBLE
        if event == "start":
            levels += 1
            if levels > _MAX_LEVELS:
                raise _TooDeep
            if element.tag == "br":
                outs[-1].append("\n")
            if is_leaf:
                walk.skip_subtree()
            else:
                _open(element, outs)
            continue
        levels -= 1
        if not is_leaf:
            _close(element, outs)
        if element is not root:
            _add(outs[-1], _collapsed(element.tail or ""))


def _open(element: lxml.html.HtmlElement, outs: list[_Output]) -> None:
    _end_lines(outs[-1], _newlines_around(element))
    if _heads_quoted_mail(element):
        outs[-1].append("-----Original Message-----\n")
    if element.tag == "blockquote":
        quote = _Output()
        quote.marked = outs[-1].marked
        outs.append(quote)
    text = element.text or ""
    _add(outs[-1], text if element.tag == "pre" else _collapsed(text))


def _close(element: lxml.html.HtmlElement, outs: list[_Output]) -> None:
    if element.tag == "blockquote":
        quote = outs.pop()
        outs[-1].add_quote(quote)
    if element.tag in ("td", "th"):
        outs[-1].append("\t")
    _end_lines(outs[-1], _newlines_around(element))


def _without_tags(html: str) -> str:
    """The text of a page that is too deep for a tree: all of it, without marks of quotes."""
    parts: list[str] = []
    at = 0
    hidden = ""  # the tag inside which nothing is shown
    for match in _ANY_TAG.finditer(_collapsed(html)):
        if not hidden:
            parts.append(match.string[at : match.start()])
        at = match.end()
        tag = match[2].lower()
        if hidden and match[1] and tag == hidden:
            hidden = ""
        elif tag in _INVISIBLE and not match[1] and not hidden:
            hidden = tag
        elif tag in _BLOCKS or tag == "br":
            parts.append("\n")
    parts.append("" if hidden else _collapsed(html)[at:])
    return entities.unescape("".join(parts)).replace("\u00a0", " ")


def _newlines_around(element: lxml.html.HtmlElement) -> int:
    """How many newlines separate an element from its neighbours: 0, 1, or 2 for a blank line."""
    if element.tag not in _BLOCKS:
        return 0
    return 2 if element.tag == "p" and not _is_line(element) else 1


def _add(out: list[str], text: str) -> None:
    """Append text, but not a lone space at the start of a line, which is layout between blocks."""
    if text and not (text == " " and _ends_line(out)):
        out.append(text)


def _end_lines(out: list[str], newlines: int) -> None:
    """Make the text end with at least `newlines` newlines, unless it is empty."""
    if not out or not newlines:
        return
    if not _ends_line(out):
        out.append("\n")
    if newlines == 2 and not "".join(out[-2:]).endswith("\n\n"):
        out.append("\n")


def _ends_line(out: list[str]) -> bool:
    return not out or out[-1].endswith("\n")


def _is_line(paragraph: lxml.html.HtmlElement) -> bool:
    """Whether a paragraph is one line, as Outlook's are: their margin is zero."""
    style = (paragraph.get("style") or "").replace(" ", "")
    return "Mso" in (paragraph.get("class") or "") or bool(_NO_MARGIN.search(style))


def _heads_quoted_mail(element: lxml.html.HtmlElement) -> bool:
    """Whether an element is Outlook's header of the answered mail.

    Outlook writes no separator above it. `_render` adds one, by which cleaning finds the header in
    every language.
    Outlook on the web: `<div id="divRplyFwdMsg">`; on the desktop: a `div` with
    `style="border:none;border-top:solid #E1E1E1 1.0pt"`.
    """
    if element.tag != "div":
        return False
    style = (element.get("style") or "").replace(" ", "").lower()
    return element.get("id") == "divRplyFwdMsg" or (
        "border:none" in style and "border-top:solid" in style and "1.0pt" in style
    )


def _tidy(text: str) -> str:
    """The text without spaces around its lines, and with at most one blank line in a row."""
    lines = [line.lstrip(" ").rstrip() for line in text.split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _collapsed(text: str) -> str:
    """Text with a single space for each run of white space, as a browser shows it."""
    return _SPACE.sub(" ", text)
