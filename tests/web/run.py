#!/usr/bin/env python3
"""Runs the cases of the web interface in a real browser against a broker that it starts.

  tests/web/run.py --dir DIR --broker PATH [--only CASE...] [--shots FOLDER]

DIR is what setup.sh has made; the browser is the chromium in PATH, without a window. Each case has
a browser context of its own, and fails as well when the browser complained: an exception, an error
in its console, a request to another host, a breach of the content security policy. With --shots a
picture of each page is taken, in light and dark, wide and narrow. The last line is
`web: N passed, N failed`; the exit code is 1 when something failed.
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DETAIL_MAX = 3000


def parse_options():
    parser = argparse.ArgumentParser(description="test the web interface in a browser")
    parser.add_argument("--dir", required=True, help="what setup.sh has made")
    parser.add_argument("--broker", required=True, help="the program lepus")
    parser.add_argument("--only", nargs="*", default=[], help="names of cases")
    parser.add_argument("--shots", help="folder for pictures of all pages")
    return parser.parse_args()


def use_environment(folder):
    """Goes on as the Python of the virtual environment, which has Playwright."""
    python = pathlib.Path(folder).resolve() / "python" / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == python.parent.parent.resolve():
        return
    if not python.exists():
        raise SystemExit(f"{python} is missing; tests/web/setup.sh {folder} makes it")
    os.execv(python, [str(python), str(HERE / "run.py"), *sys.argv[1:]])


def cases(options):
    import cases_admin
    import cases_live
    import cases_look
    import cases_queues
    import cases_session
    import cases_shovels
    found = {}
    for module in (cases_session, cases_queues, cases_admin, cases_shovels, cases_live,
                   cases_look):
        found.update({case.__name__: case for case in module.CASES})
    if options.shots:
        found["pictures"] = lambda stage: cases_look.pictures(stage, options.shots)
    return {name: case for name, case in found.items()
            if not options.only or name in options.only}


class Stage:
    """What a case gets: the broker, the browser, and visitors that are seen off afterwards."""

    def __init__(self, world, browser):
        self.world = world
        self.browser = browser
        self.visitors = []

    def visitor(self, **options):
        from visitor import Visitor
        self.visitors.append(Visitor(self.browser, self.world, **options))
        return self.visitors[-1]

    def end(self):
        complaints = [one for visitor in self.visitors for one in visitor.complaints()]
        for visitor in self.visitors:
            visitor.context.close()
        return complaints


def run_case(name, case, world, browser):
    stage = Stage(world, browser)
    reason = None
    try:
        case(stage)
    except Exception as error:  # a case fails by any exception, and the next one runs
        reason = f"{type(error).__name__}: {error}"
    complaints = stage.end()
    if reason is None and complaints:
        reason = "the browser complained: " + "; ".join(complaints)
    print(f"ok {name}" if reason is None else f"FAIL {name}: {reason[:DETAIL_MAX]}", flush=True)
    return reason is None


def run(options, world):
    from playwright.sync_api import sync_playwright
    passed = failed = 0
    # Without the sandbox only as root, where chromium refuses to start with it.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"),
                                             args=arguments)
        for name, case in cases(options).items():
            if run_case(name, case, world, browser):
                passed += 1
            else:
                failed += 1
        browser.close()
    return passed, failed


def main():
    options = parse_options()
    use_environment(options.dir)
    if shutil.which("chromium") is None:
        raise SystemExit("chromium is missing; tools/deps.sh --test installs it")
    from world import World
    with tempfile.TemporaryDirectory(prefix="lepus-web-") as folder:
        world = World(os.path.abspath(options.broker), folder)
        trouble = world.start()
        if trouble:
            raise SystemExit(f"the broker did not start: {trouble}\n{world.log()}")
        try:
            world.fill()
            passed, failed = run(options, world)
        finally:
            trouble = world.stop()
        print("FAIL broker: " + trouble if trouble else "ok broker ends as it should")
        passed, failed = (passed, failed + 1) if trouble else (passed + 1, failed)
    print(f"web: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
