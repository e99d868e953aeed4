"""How pages look and whom they serve: axe-core, narrow windows, the keyboard, light and dark."""

import pathlib

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from world import ADMIN

PAGES = {
    "overview": "overview", "queues": "queues", "queue": "queues/%2F/look?tab=overview",
    "messages": "queues/%2F/look?tab=messages", "queue-bindings": "queues/%2F/look?tab=bindings",
    "publish": "queues/%2F/look?tab=publish", "exchanges": "exchanges",
    "exchange": "exchanges/%2F/amq.topic?tab=bindings", "connections": "connections",
    "channels": "channels", "node": "nodes", "users": "users", "user": "users/admin",
    "vhosts": "vhosts", "vhost": "vhosts/%2F", "policies": "policies",
    "definitions": "definitions", "advice": "advice", "shovels": "shovels",
    "parameters": "parameters", "move": "queues/%2F/look?tab=move", "log": "log",
    "trace": "trace?vhost=%2F", "feature-flags": "feature-flags",
    "stream": "queues/%2F/look-stream?tab=messages",
}
# What a page shows once its broker has answered.
SEEN = {"nodes": "of which the broker may use", "log": "the newest at the end",
        "trace?vhost=%2F": "the newest first"}
SERIOUS = ("serious", "critical")


def prepare(stage):
    stage.world.declare("look")
    stage.world.api("POST", "bindings/%2F/e/amq.topic/q/look",
                    {"routing_key": "look.#", "arguments": {}})
    stage.world.publish("look", '{"a": [1, 2]}', headers={"tenant": "acme"})
    stage.world.declare("look-stream", {"x-queue-type": "stream"})
    # One who watches sees what comes from then on.
    stage.world.api("PUT", "vhosts/%2F", {"tracing": True})
    stage.world.api("GET", "vhosts/%2F/trace")
    stage.world.publish("look-stream", '{"a": [1, 2]}', headers={"tenant": "acme"})


def show(visitor, where):
    visitor.page.evaluate("where => { location.hash = where; }", f"#/{where}")
    visitor.page.wait_for_load_state("networkidle")
    visitor.see(visitor.page.get_by_role("heading", level=1).first)
    if "tab=messages" in where:
        visitor.press("Get messages")
        visitor.see_text("the oldest first")
    if where in SEEN:
        visitor.see_text(SEEN[where])


def check_axe(visitor, name):
    results = Axe().run(visitor.page)
    bad = [f"{name}: {one['id']}: {one['help']}: {one['nodes'][0]['html'][:160]}"
           for one in results.response["violations"] if one["impact"] in SERIOUS]
    return bad


def axe_finds_nothing_serious_in_light(stage):
    axe_in(stage, "light")


def axe_finds_nothing_serious_in_dark(stage):
    axe_in(stage, "dark")


def axe_in(stage, scheme):
    prepare(stage)
    visitor = stage.visitor(color_scheme=scheme)
    visitor.open()
    visitor.see(visitor.page.get_by_label("Password"))
    bad = check_axe(visitor, "login")
    visitor.try_login(*ADMIN)
    for name, where in PAGES.items():
        show(visitor, where)
        bad += check_axe(visitor, name)
    assert not bad, "\n".join(bad)


def fits_a_phone(stage):
    prepare(stage)
    visitor = stage.visitor()
    visitor.log_in(ADMIN)
    for width in (400, 1000):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        for name, where in PAGES.items():
            show(visitor, where)
            wide = visitor.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} px wide in {width}"


def works_by_keyboard(stage):
    stage.world.declare("by-keyboard")
    visitor = stage.visitor()
    page = visitor.page
    visitor.open("queues")
    visitor.see(page.get_by_label("User"))
    page.keyboard.type(ADMIN[0])
    page.keyboard.press("Tab")
    page.keyboard.type(ADMIN[1])
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="by-keyboard", exact=True)
    visitor.see(link)
    page.keyboard.press("Tab")
    expect(page.get_by_text("To the content")).to_be_focused()
    link.focus()
    page.keyboard.press("Enter")
    visitor.see(page.get_by_role("heading", name="by-keyboard", level=1))
    page.get_by_role("tab", name="Overview").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Messages")).to_be_focused()
    visitor.see(page.get_by_role("button", name="Get messages"))


def switches_light_and_dark(stage):
    visitor = stage.visitor(color_scheme="light")
    visitor.log_in(ADMIN)
    back = "getComputedStyle(document.body).backgroundColor"
    light = visitor.page.evaluate(back)
    visitor.press("Light or dark")
    dark = visitor.page.evaluate(back)
    assert light != dark
    visitor.page.reload()
    assert visitor.page.evaluate(back) == dark, "the choice is not kept"


def numbers_of_a_german_browser(stage):
    """What is shown with points and commas is never read back."""
    stage.world.declare("viele")
    visitor = stage.visitor(locale="de-DE", timezone_id="Europe/Berlin")
    page = visitor.page
    visitor.log_in(ADMIN, "policies")
    page.get_by_label("Name", exact=True).first.fill("groß")
    page.get_by_label("Pattern").first.fill("^viele$")
    page.get_by_label("Name of the argument").first.fill("max-length")
    page.get_by_label("Value of the argument").first.fill("1234567")
    page.get_by_label("Kind of the value").first.select_option("number")
    page.get_by_role("button", name="Save").first.click()
    visitor.see_text("is saved")
    policy = stage.world.api("GET", "policies/%2F/gro%C3%9F")
    assert policy["definition"] == {"max-length": 1234567}, policy
    stage.world.api("DELETE", "policies/%2F/gro%C3%9F")


def paints_soon(stage):
    """First paint of the page, with nothing kept from before."""
    visitor = stage.visitor()
    visitor.open()
    visitor.see(visitor.page.get_by_label("Password"))
    paint = visitor.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]"
                                  ".startTime")
    size = visitor.page.evaluate("performance.getEntriesByType('resource').reduce("
                                 "(sum, one) => sum + one.transferSize, 0)")
    print(f"  first paint after {paint:.0f} ms, {size / 1024:.0f} KiB", flush=True)
    assert size <= 250 * 1024


def pictures(stage, folder):
    prepare(stage)
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 400)):
        visitor = stage.visitor(color_scheme=scheme)
        visitor.log_in(ADMIN)
        visitor.page.set_viewport_size({"width": width, "height": 900})
        for name, where in PAGES.items():
            show(visitor, where)
            visitor.page.screenshot(path=f"{folder}/{name}-{scheme}-{width}.png", full_page=True)


CASES = [axe_finds_nothing_serious_in_light, axe_finds_nothing_serious_in_dark, fits_a_phone,
         works_by_keyboard, switches_light_and_dark, numbers_of_a_german_browser, paints_soon]
