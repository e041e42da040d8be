"""The visible text of HTML, as a mail program would write it in plain text."""

import re

import lxml.html
from lxml.etree import ParserError

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
_SPACE = re.compile(r"[ \t\r\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
MAX_PAGE_CHARACTERS = 2_000_000
# Every level of quotes is marked anew, so that 250 of them cost 250 times their text.
_MAX_MARKED_CHARACTERS = 20_000_000


class TooMuchText(ValueError):
    """A text that nobody typed, and that would take too long to read."""


def html_to_text(html: str) -> str:
    """The visible text of an HTML mail; quoted blocks get `>` marks as in plain text.

    Raises `TooMuchText` for a page that is too long, or whose quotes are.
    """
    if len(html) > MAX_PAGE_CHARACTERS:
        raise TooMuchText(f"HTML of more than {MAX_PAGE_CHARACTERS:,} characters")
    # The text is decoded already, but the page may still declare its old encoding. The parser
    # ignores that declaration when it gets bytes together with their encoding.
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (ParserError, ValueError):  # an empty page; characters that XML does not have
        return ""
    out = _Output()
    _render(root, out)
    return _tidy("".join(out).replace("\u00a0", " "))


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


def _render(element: lxml.html.HtmlElement, out: _Output) -> None:
    """Append an element's text, with lines where a browser shows them.

    Blocks begin and end lines. Paragraphs keep a blank line between them. A block with nothing but
    a break is one empty line.
    """
    tag = element.tag
    if tag in _INVISIBLE:
        return
    if tag == "br":
        out.append("\n")
        return
    newlines = _newlines_around(element)
    _end_lines(out, newlines)
    if _heads_quoted_mail(element):
        out.append("-----Original Message-----\n")
    inner = out
    if tag == "blockquote":
        inner = _Output()
        inner.marked = out.marked
    _add(inner, (element.text or "") if tag == "pre" else _collapsed(element.text or ""))
    for child in element:
        _render(child, inner)
        _add(inner, _collapsed(child.tail or ""))
    if tag == "blockquote":
        out.add_quote(inner)
    if tag in ("td", "th"):
        out.append("\t")
    _end_lines(out, newlines)


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
