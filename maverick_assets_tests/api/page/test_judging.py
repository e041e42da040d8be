"""Judging at the page: blind questions, old decisions, and an acquaintance who only judges."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from maverick_assets.evaluation.people.asked_again import RepeatedDecisionFile
from maverick_assets.evaluation.people.judgements import Judgement, JudgementFile
from maverick_assets.evaluation.people.line_file import OWNER
from maverick_assets_tests.api.page.conftest import MARKUP, Served, Tab
from maverick_assets_tests.decisions.own_cases import write_cases
from maverick_assets_tests.evaluation.people.old_decisions import DECISIONS
from maverick_assets_tests.evaluation.people.reports import attach_answers

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

# Nobody knows which arm wrote "Noon works.", and markup stays text.
ANSWERS = [
    {
        "example_id": f"example-{number}",
        "prompt": f"Shall we say noon, {number}? {MARKUP}",
        "real": f"Noon works, {number}.",
        "generated": f"Noon is fine for me, {number}. {MARKUP}",
        "others": {"prompt_pack": f"Dear all,\n\nnoon it is, {number}."},
    }
    for number in range(12)
]
ROWS = ("Answer A", "Answer B", "Answer C")


@pytest.fixture(scope="module", autouse=True)
def something_to_judge(served: Served, tmp_path_factory: pytest.TempPathFactory) -> None:
    manifest = served.home.registry.get("persona", "v1.0")
    attach_answers(served.home, manifest, Path(tmp_path_factory.mktemp("x")) / "report", ANSWERS)
    write_cases(served.home.settings.lake, DECISIONS)


def blind(served: Served) -> list[Judgement]:
    return JudgementFile(served.home.settings.judgements).read("persona")


def open_judging(tab: Tab) -> "Page":
    page = tab.open()
    page.get_by_role("link", name="Judge answers").click()
    page.get_by_role("heading", name="Judge answers").wait_for()
    return page


def start(page: "Page", heading: str) -> None:
    section = page.locator("section", has=page.get_by_role("heading", name=heading)).last
    section.get_by_role("button", name="Start").click()


def scale(page: "Page", name: str) -> "Locator":
    return page.get_by_role("region", name=name)


def rate(page: "Page", grades: tuple[int, ...] = (9, 2, 5)) -> None:
    for name, grade in zip(ROWS, grades, strict=True):
        scale(page, name).get_by_label(str(grade), exact=True).check(force=True)


def test_the_owner_judges_blind_and_sees_the_results_afterwards(served: Served, tab: Tab) -> None:
    page = open_judging(tab)
    before = len(blind(served))
    start(page, "Who wrote it?")
    page.get_by_role("heading", name="Question 1 of 10").wait_for()
    page.get_by_role("group", name="Which one is you?").wait_for()
    words = page.locator("#judging").inner_text()
    assert not re.search(r"the (owner|version|pack|program|base)\b", words, re.IGNORECASE)
    assert "<b>bold</b>" in words  # as text
    texts = {name: scale(page, name).locator(".text").inner_text() for name in ROWS}
    rate(page)
    # What is chosen can be read: its ink is not its paper.
    chosen = "label => [getComputedStyle(label).color, getComputedStyle(label).backgroundColor]"
    ink, paper = scale(page, "Answer A").locator("label:has(:checked)").evaluate(chosen)
    assert ink != paper
    assert paper != scale(page, "Answer A").locator("label").first.evaluate(chosen)[1]
    page.get_by_label("B", exact=True).check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="Question 2 of 10").wait_for()
    kept = blind(served)[before:]
    assert [each.judge for each in kept] == [OWNER]
    writer = {"Noon works": "owner", "Noon is": "version", "Dear all": "prompt_pack"}
    shown = [next(who for text, who in writer.items() if texts[n].startswith(text)) for n in ROWS]
    assert {who: kept[0].ratings[who] for who in shown} == dict(zip(shown, (9, 2, 5), strict=True))  # type: ignore[index]
    assert kept[0].taken_for_owner == shown[1]

    page.get_by_role("button", name="Skip").click()
    page.get_by_role("heading", name="Question 3 of 10").wait_for()
    rate(page, (1, 1, 1))
    page.get_by_label("I cannot tell").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="Question 4 of 10").wait_for()
    assert [each.taken_for_owner for each in blind(served)[before:]] == [shown[1], None]
    page.get_by_role("button", name="End here").click()
    page.get_by_role("heading", name="Thank you: 2 answers kept").wait_for()
    table = page.get_by_role("table")
    assert table.get_by_role("row").count() == 4
    assert "1 tie" in page.locator("#judging").inner_text()
    page.get_by_role("link", name="Back to the chats").click()
    page.get_by_label("Message", exact=True).wait_for()


def test_a_question_is_not_sent_before_it_is_answered(served: Served, tab: Tab) -> None:
    page = open_judging(tab)
    before = len(blind(served))
    start(page, "Who wrote it?")
    page.get_by_role("heading", name="Question 1 of 10").wait_for()
    rate(page)  # and no pick
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="Question 1 of 10").wait_for()
    assert len(blind(served)) == before


def test_a_keyboard_alone_judges(served: Served, tab: Tab) -> None:
    page = tab.open()
    page.get_by_role("link", name="Judge answers").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Judge answers").wait_for()
    before = len(blind(served))
    page.locator(".blind button").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Question 1 of 10").wait_for()
    # The heading has the focus: from here on Tab leads to each scale, then to the choice.
    assert page.evaluate("document.activeElement.textContent") == "Question 1 of 10"
    for digit in ("7", "0", "3"):
        page.keyboard.press("Tab")
        page.keyboard.press(digit)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Question 2 of 10").wait_for()
    [kept] = blind(served)[before:]
    assert sorted(kept.ratings.values()) == [3, 7, 10]
    assert kept.ratings[kept.taken_for_owner or "owner"] == 10


def test_old_decisions_are_decided_again(served: Served, tab: Tab) -> None:
    page = open_judging(tab)
    start(page, "Would you decide so again?")
    page.get_by_role("heading", name="Decision 1 of 8").wait_for()
    assert "Outcome" not in page.locator("#judging").inner_text()
    page.get_by_role("group", name="What do you decide today?").wait_for()
    page.get_by_label("Decline").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="Decision 2 of 8").wait_for()
    lines = RepeatedDecisionFile(served.home.settings.judgements).read("persona")
    assert [(each.option, each.judge) for each in lines] == [("decline", OWNER)]
    page.get_by_role("button", name="End here").click()
    page.get_by_text(re.compile("decided again: 1, as before in")).wait_for()


def test_an_acquaintance_judges_and_is_shown_nothing_else(served: Served, tab: Tab) -> None:
    tab.log_in(served.add_token("acquaintance", "rate"))
    page = tab.page
    page.goto(served.address)
    page.get_by_role("heading", name="Judge answers").wait_for()
    assert page.get_by_text("Would you decide so again?").is_hidden()
    assert page.get_by_role("button", name="What was said so far").is_hidden()
    assert page.get_by_role("link", name="Back to the chats").is_hidden()
    start(page, "Who wrote it?")
    page.get_by_role("group", name=re.compile("Which one did .+ write")).wait_for()
    rate(page)
    page.get_by_label("A", exact=True).check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="Question 2 of 10").wait_for()
    assert blind(served)[-1].judge != OWNER
    page.get_by_role("button", name="End here").click()
    page.get_by_text("The results go to the owner").wait_for()
    assert page.get_by_role("table").is_hidden()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Token").wait_for()


def test_what_was_said_survives_a_server_that_is_gone_for_a_moment(
    served: Served, tab: Tab
) -> None:
    page = open_judging(tab)
    before = len(blind(served))
    start(page, "Who wrote it?")
    page.get_by_role("heading", name="Question 1 of 10").wait_for()
    rate(page)
    page.get_by_label("I cannot tell").check()
    page.route("**/api/judging", lambda route: route.abort())
    page.get_by_role("button", name="Next").click()
    page.get_by_role("alert").get_by_text("The server does not answer").wait_for()
    assert scale(page, "Answer A").get_by_label("9", exact=True).is_checked()
    page.unroute("**/api/judging")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="Question 2 of 10").wait_for()
    assert len(blind(served)) == before + 1


def test_who_may_only_chat_sees_no_way_to_judge(served: Served, tab: Tab) -> None:
    tab.log_in(served.add_token("talker", "chat"))
    page = tab.page
    page.goto(f"{served.address}/#judge")
    page.get_by_role("heading", name="Persona").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.get_by_role("link", name="Judge answers").is_hidden()
    assert page.locator("#judging").is_hidden()


@pytest.mark.parametrize("tab", [{"viewport": {"width": 360, "height": 640}}], indirect=True)
def test_on_a_phone_nothing_is_wider_than_the_screen(served: Served, tab: Tab) -> None:
    tab.log_in()
    page = tab.page
    page.goto(f"{served.address}/#judge")
    wide = "document.documentElement.scrollWidth > innerWidth"
    page.get_by_role("heading", name="Judge answers").wait_for()
    assert not page.evaluate(wide)
    start(page, "Who wrote it?")
    page.get_by_role("heading", name="Question 1 of 10").wait_for()
    assert not page.evaluate(wide)
    box = page.get_by_label("10", exact=True).first.bounding_box()
    assert box and min(box["width"], box["height"]) >= 36  # a thumb's
    page.get_by_role("button", name="End here").click()
    page.get_by_role("heading", name="Nothing was kept").wait_for()
    assert not page.evaluate(wide)
