"""What a person does at the page, in a browser, with personalities that answer."""

import json

import pytest

from maverick_assets_tests.api.page.conftest import Served, Tab
from maverick_assets_tests.processes import wait_for


def test_what_a_message_was_about_is_shown_and_asked_again(served: Served, tab: Tab) -> None:
    mail = {"mail": {"from": "dana@acme.example", "subject": "<b>Offer</b>", "body": "20%?"}}
    with served.client() as client:
        body = {"message": "", "personality": "persona", "session": "new", "context": mail}
        session = client.post("/api/chat", json=body | {"max_tokens": 8}).json()["session"]
        page = tab.open(f"/#chat={session}")
        about = page.locator("article.question .about")
        shown = "from: dana@acme.example\nsubject: <b>Offer</b>\nbody: 20%?"
        assert about.inner_text() == shown
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("Edit your message").fill("And by May?")
        page.keyboard.press("Control+Enter")
        page.get_by_role("button", name="Stop", exact=True).wait_for(state="hidden")
        page.locator("article.answer").last.get_by_role("button", name="Rate").wait_for()
        assert about.inner_text() == shown
        asked = client.get(f"/api/sessions/{session}").json()["messages"][0]
        assert (asked["text"], asked["context"]) == ("And by May?", mail)


def test_a_browser_is_asked_for_the_token_once(served: Served, tab: Tab) -> None:
    page = tab.page
    page.goto(served.address)
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("This server has no such token").wait_for()
    page.get_by_label("Token").fill(served.secret)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Persona").wait_for()
    assert page.get_by_label("Token").input_value() == ""
    assert page.evaluate("document.cookie + JSON.stringify([localStorage, sessionStorage])") == (
        "[{},{}]"
    )
    page.reload()
    page.get_by_role("heading", name="Persona").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Token").wait_for()
    page.reload()
    page.get_by_label("Token").wait_for()


def test_the_printed_address_opens_the_page_once(served: Served, tab: Tab) -> None:
    page = tab.page
    opening = f"{served.address}/#{served.printed.partition('#')[2]}"
    page.goto(opening)
    page.get_by_role("heading", name="Persona").wait_for()
    assert page.url == f"{served.address}/"
    tab.context.clear_cookies()
    page.goto("about:blank")
    tab.offences.clear()
    page.goto(opening)
    page.get_by_role("alert").get_by_text("used already").wait_for()
    page.get_by_label("Token").fill(served.secret)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Persona").wait_for()


def test_an_answer_streams_and_is_announced_when_it_is_whole(served: Served, tab: Tab) -> None:
    page = tab.open()
    page.evaluate(
        """() => { window.said = []; new MutationObserver(() => {
          const text = document.getElementById('announcer').textContent;
          if (text) said.push(text); }).observe(document.getElementById('announcer'),
          {childList: true, characterData: true, subtree: true}); }"""
    )
    served.wire.slow = True
    tab.say("Well?")
    answer = page.locator("article.answer")
    text = answer.locator(".text")
    first = wait_for(lambda: text.inner_text() or None)
    wait_for(lambda: len(text.inner_text()) > len(first))
    assert answer.get_attribute("aria-busy") == "true"
    assert page.evaluate("said") == []
    served.wire.slow = False
    page.get_by_role("button", name="Rate").wait_for()
    assert answer.get_attribute("aria-busy") is None
    with served.client() as client:
        (session,) = client.get("/api/sessions").json()["sessions"]
        asked, answered = client.get(f"/api/sessions/{session['id']}").json()["messages"]
    assert page.url.endswith(f"#chat={session['id']}")
    assert (asked["text"], session["title"]) == ("Well?", "Well?")
    assert answered["text"].split() == text.inner_text().split()
    assert "v1.0" in answer.inner_text()
    wait_for(lambda: page.evaluate("said"))
    (said,) = page.evaluate("said")
    assert said.split() == ["Persona", "says:", *answered["text"].split()]


@pytest.mark.parametrize("by", ["button", "Escape"])
def test_an_answer_is_stopped_and_its_chat_goes_on(served: Served, tab: Tab, by: str) -> None:
    page = tab.open()
    served.wire.slow = True
    tab.say("Tell me all.")
    wait_for(lambda: page.locator("article.answer .text").inner_text() or None)
    if by == "button":
        page.get_by_role("button", name="Stop").click()
    else:
        page.keyboard.press("Escape")
    page.get_by_text("Stopped.").wait_for()
    served.wire.slow = False
    page.get_by_role("button", name="Send", exact=True).wait_for()
    assert page.evaluate("document.activeElement.id") == "field"
    tab.ask("And then?")
    with served.client() as client:
        (session,) = client.get("/api/sessions").json()["sessions"]
        messages = client.get(f"/api/sessions/{session['id']}").json()["messages"]
    assert [m["text"] for m in messages if m["role"] == "user"] == ["Tell me all.", "And then?"]


CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


@pytest.mark.parametrize("tab", [CLIPBOARD], indirect=True)
def test_an_answer_is_copied_as_it_is(tab: Tab) -> None:
    page = tab.open()
    tab.ask("Well?")
    answer = page.locator("article.answer")
    answer.get_by_role("button", name="Copy").click()
    answer.get_by_role("button", name="Copied", exact=True).wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.split() == answer.locator(".text").inner_text().split()


def test_a_message_is_edited_and_sent_again(served: Served, tab: Tab) -> None:
    page = tab.open()
    tab.ask("First")
    tab.ask("Second")
    page.reload()
    page.locator("article.question").first.get_by_role("button", name="Edit").click()
    editor = page.get_by_label("Edit your message")
    assert editor.input_value() == "First"
    page.keyboard.press("Escape")
    assert editor.count() == 0
    page.locator("article.question").first.get_by_role("button", name="Edit").click()
    editor.fill("Better")
    page.get_by_role("button", name="Send again").click()
    page.locator("article.answer").get_by_role("button", name="Rate").wait_for()
    assert page.locator("article.question .text").all_inner_texts() == ["Better"]
    # What was just said is edited as well.
    page.get_by_role("button", name="Edit").click()
    editor.fill("Best")
    page.get_by_role("button", name="Send again").click()
    page.get_by_role("button", name="Send", exact=True).wait_for()
    with served.client() as client:
        (session,) = client.get("/api/sessions").json()["sessions"]
        messages = client.get(f"/api/sessions/{session['id']}").json()["messages"]
    assert [message["text"] for message in messages if message["role"] == "user"] == ["Best"]


def test_an_answer_is_rated_and_corrected(tab: Tab) -> None:
    page = tab.open()
    tab.ask("Well?")
    page.get_by_role("button", name="Rate").click()
    page.get_by_label("7", exact=True).check()
    page.get_by_label("What it should have said").fill("Well enough.")
    with page.expect_response("**/api/feedback") as answered:
        page.get_by_role("button", name="Save").click()
    assert answered.value.status == 201
    sent = json.loads(answered.value.request.post_data or "")
    assert (sent["rating"], sent["correction"], sent["prompt"]) == (7, "Well enough.", "Well?")
    assert (sent["personality"], sent["version"]) == ("persona", "v1.0")
    assert sent["message_id"].startswith(sent["session"])
    page.get_by_role("button", name="Rated 7").wait_for()


def test_a_chat_is_carried_on_from_another_device_and_deleted(served: Served, tab: Tab) -> None:
    body = {"message": "From the phone", "personality": "persona", "max_tokens": 4}
    with served.client() as phone:
        begun = phone.post("/api/chat", json=body | {"session": "new", "device": "phone"}).json()
        page = tab.open()
        page.get_by_role("link", name="From the phone").click()
        page.locator("article.question").get_by_text("phone").first.wait_for()
        tab.ask("From here")
        # The phone goes on while this page is in the background.
        again = body | {"message": "And back", "session": begun["session"]}
        assert phone.post("/api/chat", json=again).status_code == 200
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.locator("article.question").get_by_text("And back").wait_for()
        questions = page.locator("article.question .text").all_inner_texts()
        assert questions == ["From the phone", "From here", "And back"]
        page.go_back()
        page.get_by_role("heading", name="Persona").wait_for()
        page.get_by_role("button", name="Delete the chat: From the phone").click()
        page.get_by_role("button", name="Keep it").click()
        assert page.get_by_role("link", name="From the phone").count() == 1
        page.get_by_role("button", name="Delete the chat: From the phone").click()
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("link", name="From the phone").wait_for(state="detached")
        assert phone.get(f"/api/sessions/{begun['session']}").status_code == 404
        page.goto(f"{served.address}/#chat={begun['session']}")
        page.get_by_role("alert").get_by_text("That chat is gone").wait_for()


def test_moods_and_modes_are_offered_where_there_are_any(tab: Tab) -> None:
    page = tab.open()
    assert not page.get_by_label("Mood").is_visible()
    tab.ask("Well?")
    page.get_by_label("Personality").select_option("robbie")
    assert page.locator("article").count() == 0  # a chat is with one personality
    page.get_by_label("Mood").select_option("joy")
    page.get_by_label("Mode").select_option("intimate")
    with page.expect_request("**/api/chat") as asked:
        tab.ask("Well?")
    sent = json.loads(asked.value.post_data or "")
    assert (sent["personality"], sent["mood"], sent["mode"]) == ("robbie", "joy", "intimate")
    page.reload()
    page.locator("article").first.wait_for()
    assert page.get_by_label("Mood").input_value() == "joy"
    assert "v1.2" in page.locator("#about").inner_text()
