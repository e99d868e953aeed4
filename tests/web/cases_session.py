"""Logins, missing rights, and a broker that goes away."""

from playwright.sync_api import expect
from world import ADMIN, READER, WORKER


def logs_in_and_out(stage):
    visitor = stage.visitor()
    visitor.log_in(ADMIN)
    visitor.see(visitor.page.get_by_role("heading", name="Overview", level=1))
    visitor.page.reload()
    visitor.see(visitor.page.get_by_role("heading", name="Overview", level=1))
    visitor.press("Log out")
    visitor.see(visitor.page.get_by_label("Password"))
    visitor.page.reload()
    visitor.see(visitor.page.get_by_label("Password"))
    assert visitor.context.cookies() == [], "the page keeps a cookie"


def tells_a_wrong_password(stage):
    visitor = stage.visitor()
    visitor.open()
    visitor.try_login(ADMIN[0], "wrong")
    visitor.see_text("User or password is wrong.")
    visitor.try_login(*ADMIN)
    visitor.see(visitor.page.get_by_role("heading", name="Overview", level=1))


def tells_a_user_without_a_tag(stage):
    visitor = stage.visitor()
    visitor.open()
    visitor.try_login(*WORKER)
    visitor.see_text("it needs one of the tags management")


def comes_to_the_page_that_was_wanted(stage):
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "users")
    visitor.see(visitor.page.get_by_role("heading", name="Users", level=1))


def shows_what_a_user_may_not_see(stage):
    visitor = stage.visitor()
    visitor.log_in(READER)
    nav = visitor.page.get_by_role("navigation", name="Pages")
    expect(nav.get_by_role("link", name="Queues")).to_be_visible()
    expect(nav.get_by_role("link", name="Users")).to_have_count(0)
    visitor.go("users", "You may not see this page")
    visitor.see_text("It needs a user with the tag")


def a_user_of_management_sees_each_page_without_trouble(stage):
    visitor = stage.visitor()
    visitor.log_in(READER)
    nav = visitor.page.get_by_role("navigation", name="Pages")
    for link in nav.get_by_role("link").all():
        link.click()
        visitor.page.wait_for_load_state("networkidle")
        visitor.see(visitor.page.get_by_role("heading", level=1).first)
        expect(visitor.page.get_by_role("alert").filter(visible=True)).to_have_count(0)


def tells_a_missing_permission(stage):
    stage.world.declare("not-yours")
    visitor = stage.visitor()
    visitor.log_in(READER)
    visitor.go("queues/%2F/not-yours", "not-yours")
    visitor.press("Delete")
    visitor.answer_dialog("Delete", word="not-yours")
    visitor.see_text("You have no permission for this")
    assert stage.world.has("queues/%2F/not-yours")


def asks_again_when_the_password_changes(stage):
    name = "changing"
    stage.world.api("PUT", f"users/{name}", {"password": "first", "tags": "management"})
    visitor = stage.visitor()
    visitor.log_in((name, "first"), "queues")
    stage.world.api("PUT", f"users/{name}", {"password": "second", "tags": "management"})
    visitor.see_text("Your login is no longer good")
    visitor.try_login(name, "second")
    visitor.see(visitor.page.get_by_role("heading", name="Queues and streams", level=1))


def waits_for_a_broker_that_goes_away(stage):
    stage.world.declare("stays")
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "queues")
    visitor.see(visitor.page.get_by_role("link", name="stays", exact=True))
    trouble = stage.world.stop()
    assert trouble is None, trouble
    banner = visitor.page.get_by_text("The broker does not answer since")
    visitor.see(banner)
    visitor.see(visitor.page.get_by_role("link", name="stays", exact=True))
    visitor.page.get_by_role("link", name="Exchanges").click()
    visitor.see_text("This page comes when the broker answers again.")
    trouble = stage.world.start()
    assert trouble is None, trouble
    visitor.see_not(banner)
    visitor.see(visitor.page.get_by_role("link", name="amq.topic", exact=True))
    visitor.go("queues", "Queues and streams")
    visitor.see(visitor.page.get_by_role("link", name="stays", exact=True))
    stage.world.declare("came-later")
    visitor.see(visitor.page.get_by_role("link", name="came-later", exact=True))


CASES = [logs_in_and_out, tells_a_wrong_password, tells_a_user_without_a_tag,
         comes_to_the_page_that_was_wanted, shows_what_a_user_may_not_see,
         a_user_of_management_sees_each_page_without_trouble, tells_a_missing_permission,
         asks_again_when_the_password_changes, waits_for_a_broker_that_goes_away]
