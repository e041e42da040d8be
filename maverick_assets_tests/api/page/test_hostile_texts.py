"""Texts of models, of other devices and of other sites do nothing in the page."""

import http.server
import json
import subprocess
import threading
from urllib.parse import urlsplit

from maverick_assets_tests.abuse.test_foreign_pages import NOBODY, ForeignPage
from maverick_assets_tests.api.page.conftest import MARKUP, Served, Tab
from maverick_assets_tests.strangers import needs_another_account

SCRIPT = "</div><script>document.title='run'</script><svg onload=\"document.title='run'\">"
LINKS = (
    "https://good.example/a?b=1. http://good.example/ (https://good.example/c) "
    "javascript:document.title='run' data:text/html,x https://bank.example@evil.example/ "
    "https://b\u0430nk.example/ https://xn--bnk-6cd.example/ //evil.example https://x\u202ecod.exe"
)


def fulfil_chat(tab: Tab, text: str, **more: object) -> None:
    """Have a model say something that no real one can be made to say."""
    end = {"response": text, "personality": "persona", "version": MARKUP, "node": MARKUP, **more}
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in ({"text": text}, end))
    tab.page.route(
        "**/api/chat", lambda route: route.fulfill(body=body, content_type="text/event-stream")
    )


def test_markup_is_shown_as_text_wherever_it_comes_from(tab: Tab) -> None:
    session = {
        "id": f"x{MARKUP}",
        "personality": "robbie",
        "mood": MARKUP,
        "mode": None,
        "title": MARKUP,
        "updated_at": "2026-11-01T10:00:00+00:00",
        "device": MARKUP,
    }
    said = {"at": session["updated_at"], "text": SCRIPT, "version": MARKUP, "device": MARKUP}
    messages = [
        {**said, "id": str(number), "role": role}
        for number, role in enumerate(("user", "assistant"))
    ]
    tab.page.route("**/api/sessions", lambda route: route.fulfill(json={"sessions": [session]}))
    tab.page.route(
        "**/api/sessions/**", lambda route: route.fulfill(json={**session, "messages": messages})
    )
    fulfil_chat(tab, SCRIPT + MARKUP)
    page = tab.open()
    page.get_by_role("link").filter(has_text=MARKUP).click()
    page.locator("article.answer .text").get_by_text("</div>").wait_for()
    tab.say(SCRIPT)
    page.locator("article.answer").nth(1).get_by_role("button", name="Rate").wait_for()
    page.get_by_role("button", name="Delete the chat").click()
    assert page.locator("article img, article b, article svg, nav img, header img").count() == 0
    assert page.locator("#confirm b, #empty b, body script:not([src])").count() == 0
    assert page.locator("article .text").all_inner_texts() == [
        SCRIPT,
        SCRIPT,
        SCRIPT,
        SCRIPT + MARKUP,
    ]
    assert page.title() == "Maverick"


def test_a_link_leads_where_it_says_or_is_none(tab: Tab) -> None:
    page = tab.open()
    fulfil_chat(tab, LINKS)
    tab.say("Links?")
    page.get_by_role("button", name="Rate").wait_for()
    links = page.locator("article.answer .text a")
    shown = ["https://good.example/a?b=1", "http://good.example/", "https://good.example/c"]
    assert links.all_inner_texts() == shown
    for link in links.all():
        assert link.get_attribute("href") == link.inner_text()
        assert "noopener" in (link.get_attribute("rel") or "")


def test_a_decision_is_shown_with_the_own_decisions_nearest_to_it(tab: Tab) -> None:
    page = tab.open()
    reason = {
        "table": "crm_deals",
        "row_ids": ["7", MARKUP],
        "decided_at": "2026-11-01T10:00:00Z",
        "question": f"20% off? {MARKUP}",
        "answer": f"No. {MARKUP}",
        "similarity": 0.8,
    }
    decision = {"probabilities": {"no": 0.8, MARKUP: 0.2}, "reasons": [reason] * 5}
    fulfil_chat(tab, "No.", decision=decision)
    tab.say("Should we?")
    shown = page.get_by_role("region", name="Decision")
    shown.get_by_text("no 80%").wait_for()
    assert shown.get_by_role("listitem").count() == 3
    assert "crm_deals 7" in shown.inner_text()
    assert shown.locator("img, b").count() == 0
    page.unroute("**/api/chat")
    fulfil_chat(tab, "No.", decision={"error": "too long"})
    tab.say("Should we?")
    page.get_by_text("No decision: too long").wait_for()


def test_the_policy_stops_a_script_that_got_in(tab: Tab) -> None:
    page = tab.open()
    page.evaluate(
        """() => { const script = document.createElement('script');
          try { script.textContent = "document.title = 'run'"; document.body.append(script); }
          catch {} }"""
    )
    refused = page.evaluate(
        """() => { try { document.body.insertAdjacentHTML('beforeend', '<b>x</b>'); return false; }
          catch (error) { return error.name; } }"""
    )
    assert refused == "TypeError"
    for address in ("https://evil.example/", "http://127.0.0.1:9/"):
        read = "address => fetch(address).then(() => 'read', error => error.name)"
        assert page.evaluate(read, address) == "TypeError"
    assert page.title() == "Maverick"
    assert any("Content Security Policy" in offence for offence in tab.offences)
    tab.offences.clear()


def test_a_page_of_another_port_has_the_cookie_and_changes_nothing(
    served: Served, tab: Tab
) -> None:
    tab.log_in()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), ForeignPage) as foreign:
        threading.Thread(target=foreign.serve_forever, daemon=True).start()
        page = tab.page
        page.goto(f"http://127.0.0.1:{foreign.server_address[1]}/")
        body = json.dumps({"message": "x", "personality": "persona", "session": "new"})
        sent: list[str] = []
        page.on("requestfailed", lambda request: sent.append(request.method))
        for method, path in (("POST", "/api/chat"), ("POST", "/api/login"), ("GET", "/v1/models")):
            page.evaluate(
                """([url, method, body]) => fetch(url, {method, mode: 'no-cors',
                  credentials: 'include', body: method === 'GET' ? undefined : body})
                  .catch(() => null).then(() => null)""",
                [served.address + path, method, body],
            )
        foreign.shutdown()
    tab.offences.clear()
    assert sent == ["POST", "POST", "GET"]  # the browser shows the answers to no page
    with served.client() as client:
        assert client.get("/api/sessions").json() == {"sessions": []}


@needs_another_account
def test_another_account_that_has_the_cookie_gets_nothing(served: Served) -> None:
    port = urlsplit(served.address).port
    for account, status in ((NOBODY, "403"), (0, "200")):
        request = "\r\n".join(
            (
                "GET /v1/models HTTP/1.1",
                f"Host: 127.0.0.1:{served.port}",
                f"Cookie: maverick-{served.port}={served.secret}",
                "Sec-Fetch-Site: same-origin",
                "Connection: close",
                "\r\n",
            )
        )
        script = f'exec 3<>/dev/tcp/127.0.0.1/{served.port}; printf %s "$0" >&3; cat <&3'
        answer = subprocess.run(
            ["/bin/bash", "-c", script, request],
            user=account,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        assert answer.startswith(f"HTTP/1.1 {status} "), (account, port)
