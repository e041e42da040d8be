"""HTML becomes the lines that a reader of the mail sees."""

from maverick_assets.crm.html_text import html_to_text


def test_html_keeps_lines_and_marks_quoted_blocks() -> None:
    html = """<html><head><title>t</title><style>p {color: red}</style></head><body>
      <div>Hi <b>Allan</b>,</div><div><br></div><ul><li>one</li><li>two</li></ul>
      <p>On Mon, Dana wrote:</p><blockquote><p>Can we?</p>
      <blockquote>No</blockquote></blockquote><script>x()</script></body></html>"""
    assert html_to_text(html) == (
        "Hi Allan,\n\none\ntwo\n\nOn Mon, Dana wrote:\n\n> Can we?\n>\n> > No"
    )
    assert html_to_text("") == html_to_text("<!-- nothing -->") == ""
