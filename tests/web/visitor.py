"""One who uses the page: a browser of his own, with helpers for what each case does.

Everything the browser complains about is kept: messages of level error in its console, exceptions,
requests to other hosts and breaches of the content security policy. `complaints()` takes them.
"""

from playwright.sync_api import expect

WAIT_MS = 10_000
# Chromium writes these itself for each answer that is no success and each request that fails.
LOADING = "Failed to load resource"


class Visitor:
    def __init__(self, browser, world, **options):
        self.world = world
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        self.context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        self.page = self.context.new_page()
        self._complaints = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._complaints.append(f"exception: {error}"))
        self.page.on("request", self._on_request)
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error("
            "`policy: ${event.violatedDirective} ${event.blockedURI}`));")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def _on_console(self, message):
        if message.type == "error" and not message.text.startswith(LOADING):
            self._complaints.append(f"console: {message.text}")

    def _on_request(self, request):
        if not request.url.startswith((self.world.url, "blob:", "data:")):
            self._complaints.append(f"request to {request.url}")

    def complaints(self):
        found, self._complaints = self._complaints, []
        return found

    # ---- steps ----

    def open(self, where=""):
        self.page.goto(self.world.url + (f"#/{where}" if where else ""))

    def log_in(self, user, where=""):
        self.open(where)
        self.try_login(*user)
        self.see(self.page.get_by_role("navigation", name="Pages"))

    def try_login(self, name, password):
        self.page.get_by_label("User").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in", exact=True).click()

    def go(self, where, heading):
        self.page.evaluate("where => { location.hash = where; }", f"#/{where}")
        self.see(self.page.get_by_role("heading", name=heading, exact=True, level=1))

    def see(self, locator):
        expect(locator).to_be_visible()

    def see_text(self, text, exact=False):
        self.see(self.page.get_by_text(text, exact=exact).first)

    def see_not(self, locator):
        expect(locator).to_be_hidden()

    def tab(self, name):
        self.page.get_by_role("tab", name=name, exact=True).click()

    def press(self, name, within=None):
        (within or self.page).get_by_role("button", name=name, exact=True).click()

    def answer_dialog(self, button, word=None):
        dialog = self.page.get_by_role("dialog")
        if word is not None:
            dialog.get_by_label(f"Type {word}").fill(word)
        dialog.get_by_role("button", name=button, exact=True).click()
        self.see_not(dialog)
