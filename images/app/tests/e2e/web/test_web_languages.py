"""The page in the language that the browser asks for, on a phone: nothing sticks out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
Visitor = Any
PHONE = {"width": 360, "height": 740}
# What they call a user, a password, to log in, a message, and that the page is connected.
WORDS = {
    "de-AT": ("Benutzer", "Passwort", "Anmelden", "Nachricht", "Live"),
    "fr-FR": ("Utilisateur", "Mot de passe", "Se connecter", "Message", "En direct"),
    "es-ES": ("Usuario", "Contraseña", "Iniciar sesión", "Mensaje", "En directo"),
    "sv-SE": ("Användare", "Lösenord", "Logga in", "Meddelande", "Live"),
}
CONTENTS = {"#/": "#messages > li", "#/tokens": "#tokens > li", "#/status": "#status > *"}
PATHS = {"settings": "#inside", "people": "#people > li", "trust": "main", "nowhere": "main"}
# Words that are longer than the place for them.
SPILT = """() => Array.from(document.querySelectorAll("b, button, label, legend, .tag, nav a, dd"))
  .filter((it) => it.checkVisibility() && !it.closest(".unseen"))
  .filter((it) => it.textContent && it.clientWidth && it.scrollWidth > it.clientWidth + 1)
  .map((it) => `${it.tagName} ${it.textContent}`)"""


def log_in(visitor: Visitor, locale: str) -> Page:
    user, password, enter, _, live = WORDS[locale]
    page: Page = visitor.open()
    page.get_by_label(user, exact=True).fill(visitor.demo.user)
    page.get_by_label(password, exact=True).fill(visitor.demo.password)
    page.get_by_role("button", name=enter).click()
    page.locator("#connection", has_text=live).wait_for()
    return page


def faults(page: Page) -> list[str]:
    """Return what sticks out of the page, and what axe-core finds."""
    page.emulate_media(reduced_motion="reduce")
    page.locator("details").evaluate_all("(all) => all.forEach((it) => it.open = true)")
    wide = page.evaluate("document.documentElement.scrollWidth")
    seen = Axe().run(page).response
    assert seen["passes"]
    found = [f"{it['id']} in {node['html']}" for it in seen["violations"] for node in it["nodes"]]
    found += page.evaluate(SPILT)
    return found + ([] if wide <= PHONE["width"] else [f"{wide} pixels in {page.url}"])


@pytest.mark.parametrize("locale", WORDS)
def test_a_phone_has_the_page_in_its_language(visit: Callable[..., Visitor], locale: str) -> None:
    visitor = visit(viewport=PHONE, locale=locale)
    page = visitor.open()
    page.get_by_label(WORDS[locale][0], exact=True).wait_for()
    assert page.locator("html").get_attribute("lang") == locale[:2]
    assert faults(page) == []
    log_in(visitor, locale)
    for text in ("One", "Two"):
        visitor.demo.send(text)
    page.get_by_label(WORDS[locale][3], exact=True).fill("Three")
    for view, content in CONTENTS.items():
        page.evaluate("(view) => { location.hash = view; }", view)
        page.locator(content).nth(0).wait_for()
        assert faults(page) == []
    for path, content in PATHS.items():
        page.goto(visitor.url + path)
        page.locator(content).nth(0).wait_for()
        assert faults(page) == []


def test_scripts_speak_the_language_of_the_page(visit: Callable[..., Visitor]) -> None:
    visitor = visit(locale="de-AT")
    page = log_in(visitor, "de-AT")
    visitor.demo.send("Servus")
    expect(page.locator("#messages .tag.state")).to_have_text("auf der Anzeige")
    expect(page.locator("#now")).to_contain_text("Eine Nachricht von")
    page.get_by_role("button", name="Anzeigen", exact=True).click()
    expect(page.locator("#compose-problem")).to_have_text("Schreib erst etwas.")
    page.evaluate("location.hash = '#/status'")
    expect(page.get_by_role("heading", name="Letzte Fehler")).to_be_visible()
    expect(page).to_have_title("Status · " + page.locator(".brand").nth(0).inner_text())


@pytest.mark.parametrize(
    ("path", "told"), [("guest", "Dieser Link"), ("invite", "Diese Einladung")]
)
def test_who_comes_by_a_link_that_has_ended_reads_so(
    visit: Callable[..., Visitor], path: str, told: str
) -> None:
    visitor = visit(viewport=PHONE, locale="de-DE")
    visitor.page.goto(f"{visitor.url}{path}#0123456789abcdef0123456789abcdef")
    expect(visitor.page.locator("#problem")).to_contain_text(told)
    assert faults(visitor.page) == []


def test_who_has_none_of_the_languages_reads_english(visit: Callable[..., Visitor]) -> None:
    page = visit(locale="nl-NL").open()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"
