"""The page by keyboard alone, with a screen reader, on a phone, and in both themes."""

from typing import TYPE_CHECKING, Any

import pytest

from maverick_assets_tests.api.page.conftest import MARKUP, Served, Tab
from maverick_assets_tests.processes import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

CONTROLS = {"button", "link", "textbox", "combobox", "radio", "dialog", "main", "navigation"}
CONTROLS |= {"region", "article", "alert", "status"}
NAMELESS = {"alert", "status", "main"}  # they are called by what they hold
PHONE = {"viewport": {"width": 360, "height": 720}, "has_touch": True, "is_mobile": True}
NARROW = {**PHONE, "viewport": {"width": 320, "height": 560}}

# For each piece of text that is seen: its contrast with what is behind it, by WCAG 2.2.
CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    throw new Error('nothing behind');
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({visibilityProperty: true})) continue;
    if (element.closest('.unseen, :disabled, .skip:not(:focus), option')) continue;
    const pair = [light(numbers(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    found.push([node.data.trim(), Math.round(ratio * 100) / 100]);
  }
  return found;
}"""


def named(page: "Page") -> dict[str, list[str]]:
    """Names of what a screen reader finds, by role."""
    session = page.context.new_cdp_session(page)
    found: dict[str, list[str]] = {}
    for node in session.send("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if not node.get("ignored") and role in CONTROLS:
            found.setdefault(role, []).append(node.get("name", {}).get("value", ""))
    return found


def focused(page: "Page") -> dict[str, Any]:
    """What has the focus, and whether one sees that."""
    return dict(
        page.evaluate(
            """() => { const element = document.activeElement;
              const shown = [element, element.closest('.field, label')].filter(Boolean);
              return {id: element.id, tag: element.tagName,
                name: element.getAttribute('aria-label') || element.textContent.trim(),
                seen: shown.some((each) => getComputedStyle(each).outlineStyle !== 'none')}; }"""
        )
    )


def tab_to(page: "Page", name: str, key: str = "Tab") -> dict[str, Any]:
    """Press a key until an element has the focus; each on the way must show that it has it."""
    for _ in range(40):
        page.keyboard.press(key)
        at = focused(page)
        assert at["seen"], at
        if name in (at["name"], at["id"]):
            return at
    raise AssertionError(f"no way to {name}")


def test_all_is_done_by_keyboard_alone(served: Served, tab: Tab) -> None:
    page = tab.page
    page.goto(served.address)
    page.get_by_label("Token").wait_for()
    page.keyboard.type(served.secret)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Persona").wait_for()
    wait_for(lambda: focused(page)["id"] == "field")
    page.keyboard.type("One")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("message")
    page.keyboard.press("Enter")
    page.locator("article.answer").get_by_role("button", name="Rate").wait_for()
    assert page.locator("article.question .text").inner_text() == "One\nmessage"
    # From the field backwards: the answer's buttons come first.
    tab_to(page, "Rate", "Shift+Tab")
    page.keyboard.press("Enter")
    assert focused(page)["tag"] == "INPUT"
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert page.get_by_label("5", exact=True).is_checked()
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    wait_for(lambda: focused(page)["name"] == "Rated 5")
    tab_to(page, "Edit", "Shift+Tab")
    page.keyboard.press("Enter")
    page.keyboard.type(" more")
    page.keyboard.press("Control+Enter")
    wait_for(lambda: focused(page)["id"] == "field")
    page.get_by_role("button", name="Send", exact=True).wait_for()
    tab_to(page, "Delete the chat: One message more", "Shift+Tab")
    page.keyboard.press("Enter")
    assert focused(page)["name"] == "Keep it"
    # The list is made anew meanwhile, as after each answer.
    with page.expect_response("**/api/sessions"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.keyboard.press("Escape")
    wait_for(lambda: focused(page)["name"] == "Delete the chat: One message more")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for(lambda: focused(page)["id"] in ("new", "field"))
    assert page.locator("#session-list li").count() == 0


def test_the_first_key_leads_past_the_list_to_the_message(tab: Tab) -> None:
    page = tab.open()
    wait_for(lambda: focused(page)["id"] == "field")
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); }")  # as at first
    page.keyboard.press("Tab")
    assert focused(page)["name"] == "Skip to the message field"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert focused(page)["id"] == "field"
    assert page.get_by_role("heading", name="Persona").is_visible()


def test_a_screen_reader_finds_a_name_for_everything(tab: Tab) -> None:
    page = tab.open()
    page.get_by_label("Personality").select_option("robbie")
    tab.ask("Well?")
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Rate").click()
    found = named(page)
    assert not [role for role, names in found.items() if "" in names and role not in NAMELESS]
    assert {"Message", "Edit your message"} <= set(found["textbox"])
    assert set(found["combobox"]) == {"Personality", "Mood", "Mode"}
    assert found["radio"] == [str(grade) for grade in range(1, 11)]
    assert found["navigation"] == ["Chats"]
    assert found["article"] == ["You", MARKUP]
    page.get_by_role("button", name="Delete the chat: Well?").click()
    assert named(page)["dialog"] == ["Delete this chat?"]


@pytest.mark.parametrize("tab", [PHONE, NARROW], indirect=True)
def test_on_a_phone_nothing_is_wider_than_the_screen(tab: Tab) -> None:
    page = tab.open()

    def overflow() -> list[str]:
        return list(
            page.evaluate(
                """() => [...document.querySelectorAll('body *')].filter((each) =>
                  each.checkVisibility({visibilityProperty: true})
                  && !each.closest('.unseen, .skip')
                  && (each.getBoundingClientRect().right > innerWidth + 1
                    || each.getBoundingClientRect().left < -1))
                  .map((each) => each.outerHTML.slice(0, 80))"""
            )
        )

    page.get_by_label("Personality").select_option("robbie")
    tab.ask("W" * 300)
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Rate").click()
    assert overflow() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, select, .scale label, #session-list a')]
          .filter((each) => each.checkVisibility({visibilityProperty: true}))
          .filter((each) => Math.min(each.offsetWidth, each.offsetHeight) < 24).length"""
    )
    assert small == 0
    assert page.locator("#field").bounding_box()["height"] > 30  # type: ignore[index]
    page.get_by_role("button", name="Chats", exact=True).click()
    page.get_by_role("button", name="New chat").wait_for()
    wait_for(lambda: not overflow())
    page.get_by_role("link", name="WWW").click()
    page.get_by_role("button", name="New chat").wait_for(state="hidden")
    page.get_by_role("button", name="Chats", exact=True).click()
    page.keyboard.press("Escape")
    assert focused(page)["name"] == "Chats"


@pytest.mark.parametrize(
    "tab", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True
)
def test_all_text_stands_out_from_what_is_behind_it(served: Served, tab: Tab) -> None:
    page = tab.page
    page.goto(served.address)
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("no such token").wait_for()
    seen = page.evaluate(CONTRASTS)
    tab.open()
    seen += page.evaluate(CONTRASTS)
    tab.ask("Well? https://good.example/")
    page.get_by_role("button", name="Rate").click()
    page.get_by_label("7", exact=True).check()
    page.route("**/api/chat", lambda route: route.fulfill(status=503, json={}))
    tab.say("Again")
    page.locator("#problem").wait_for()
    seen += page.evaluate(CONTRASTS)
    page.get_by_role("button", name="Delete the chat").click()
    seen += page.evaluate(CONTRASTS)
    assert len(seen) > 60
    assert [(text, ratio) for text, ratio in seen if ratio < 4.5] == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(23, 24, 26)") == page.evaluate(
        "matchMedia('(prefers-color-scheme: dark)').matches"
    )


@pytest.mark.parametrize("tab", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_for_who_does_not_want_it(served: Served, tab: Tab) -> None:
    page = tab.open()
    served.wire.slow = True
    tab.say("Well?")
    page.locator("article.answer[aria-busy]").wait_for()
    assert page.evaluate("document.getAnimations().length") == 0
    page.get_by_role("button", name="Stop", exact=True).click()
