"""Where the page may be served."""

from pathlib import Path

import pytest

from maverick_assets.errors import BadInput
from maverick_assets.settings import Settings, load_settings
from maverick_assets.ui.rules import Page, door_rules, opening_address


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_on_loopback_the_page_needs_no_setting(host: str) -> None:
    rules = door_rules(Settings(), host, 3000)
    assert {"127.0.0.1", "localhost", "[::1]"} <= rules.names
    assert not rules.https
    assert rules.accounts is not None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.10", "maverick.example"])
def test_where_others_reach_it_the_page_needs_an_https_address(host: str) -> None:
    with pytest.raises(BadInput, match="MAVERICK_UI_ORIGIN") as refusal:
        door_rules(Settings(), host, 3000)
    assert "\n" not in str(refusal.value)


def test_a_proxy_is_named_by_the_address_that_browsers_call() -> None:
    settings = Settings(ui_origin="https://Maverick.example:8443/")
    rules = door_rules(settings, "0.0.0.0", 3000)
    assert (rules.names, rules.https, rules.accounts) == ({"maverick.example"}, True, None)
    page = Page(
        host="0.0.0.0", port=3000, workspace=Path("w"), rules=rules, certificate=None, key=None
    )
    assert opening_address(settings, page) == f"https://maverick.example:8443/?token={rules.token}"


def test_every_start_has_another_token() -> None:
    assert door_rules(Settings(), "::1", 1).token != door_rules(Settings(), "::1", 1).token


@pytest.mark.parametrize("origin", ["http://maverick.example", "maverick.example", "https://a/b"])
def test_an_address_without_https_is_refused(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAVERICK_UI_ORIGIN", origin)
    with pytest.raises(BadInput, match="MAVERICK_UI_ORIGIN"):
        load_settings()


def test_a_certificate_without_its_key_is_refused() -> None:
    with pytest.raises(BadInput, match="MAVERICK_UI_KEY"):
        door_rules(Settings(ui_certificate=Path("page.pem")), "127.0.0.1", 3000)


@pytest.mark.parametrize("content", [None, "no certificate\n"])
def test_a_certificate_that_cannot_be_used_is_refused(tmp_path: Path, content: str | None) -> None:
    certificate, key = tmp_path / "page.pem", tmp_path / "page.key"
    if content:
        certificate.write_text(content)
        key.write_text(content)
    with pytest.raises(BadInput, match=r"MAVERICK_UI_CERTIFICATE .*page\.pem") as refusal:
        door_rules(Settings(ui_certificate=certificate, ui_key=key), "127.0.0.1", 3000)
    assert "\n" not in str(refusal.value)
