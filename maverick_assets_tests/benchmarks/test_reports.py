"""The reports of the sample under `docs/` lead nowhere else and name no machine."""

from pathlib import Path

import pytest

from benchmarks.reports import FLEET_PAGE, TWIN_PAGE, refuse_names, relinked

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_the_month_leads_to_the_page_beside_it_alone() -> None:
    page = '<a href="../allan-maverick/v2.0/">allan-maverick</a> <a href="../robbie/v2.0/">R</a>'
    assert relinked(page) == f'<a href="{TWIN_PAGE}">allan-maverick</a> R'


@pytest.mark.parametrize("page", ["see /home/me/run", "made on box7.", "at /home/me"])
def test_a_page_that_names_the_machine_is_refused(page: str) -> None:
    with pytest.raises(SystemExit, match="a page names"):
        refuse_names(page, ["/home/me", "box7"])


def test_a_word_that_holds_the_name_of_a_host_is_none() -> None:
    refuse_names("the mainframe", ["main"])


@pytest.mark.parametrize("name", [TWIN_PAGE, FLEET_PAGE])
def test_the_pages_that_lie_there_need_nothing_else(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert "<script" not in page
    assert 'href="../' not in page
    assert len(page) < 400_000
