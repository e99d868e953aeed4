"""Users, permissions, policies, virtual hosts and definitions."""

import json

from playwright.sync_api import expect
from world import ADMIN


def adds_a_user_and_tests_permissions(stage):
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "users")
    page.get_by_text("Add a user").click()
    form = page.get_by_role("group").filter(has_text="Add a user").first
    form.get_by_label("Name", exact=True).fill("anna")
    form.get_by_label("Password").fill("anna-word")
    form.get_by_label("management: own").check()
    visitor.press("Add", form)
    visitor.see(page.get_by_role("heading", name="anna", level=1))
    page.get_by_label("Write").fill("^anna")
    visitor.press("Give")
    visitor.see(page.get_by_role("table", name="Permissions").get_by_text("^anna"))
    page.get_by_label("Name of the queue or exchange").fill("anna.orders")
    visitor.press("Test")
    expect(page.locator(".verdict")).to_contain_text("Yes")
    page.get_by_label("Name of the queue or exchange").fill("orders")
    visitor.press("Test")
    expect(page.locator(".verdict")).to_contain_text("No")
    user = stage.world.api("GET", "users/anna")
    assert user["tags"] == ["management"], user
    other = stage.visitor()
    other.log_in(("anna", "anna-word"))


def keeps_a_password_when_tags_change(stage):
    stage.world.api("PUT", "users/ben", {"password": "ben-word", "tags": ""})
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "users/ben")
    visitor.page.get_by_label("monitoring: sees").check()
    visitor.press("Save")
    visitor.see_text("Saved.")
    assert stage.world.api("GET", "users/ben")["tags"] == ["monitoring"]
    other = stage.visitor()
    other.log_in(("ben", "ben-word"), "nodes")
    other.see_text("Where the memory goes")


def previews_what_a_policy_matches(stage):
    for name in ("pay.in", "pay.out", "PAY.upper", "other"):
        stage.world.declare(name)
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "policies")
    page.get_by_label("Name", exact=True).first.fill("short-lived")
    page.get_by_label("Pattern").first.fill("^pay\\.")
    page.get_by_label("Applies to").first.select_option("queues")
    preview = page.locator(".matches").first
    expect(preview).to_contain_text("2 queues")
    expect(preview).to_contain_text("pay.in")
    expect(preview).not_to_contain_text("PAY.upper")
    page.get_by_label("Pattern").first.fill("^pay\\.(")
    expect(preview).to_contain_text("no regular expression yet")
    page.get_by_label("Pattern").first.fill("^pay\\.")
    page.get_by_label("Name of the argument").first.fill("message-ttl")
    page.get_by_label("Value of the argument").first.fill("60000")
    page.get_by_label("Kind of the value").first.select_option("number")
    page.get_by_role("button", name="Save").first.click()
    visitor.see(page.get_by_text("message-ttl: 60000"))
    visitor.go("queues/%2F/pay.in", "pay.in")
    visitor.see(page.get_by_role("link", name="short-lived"))
    visitor.go("policies", "Policies")
    visitor.press("Delete")
    visitor.answer_dialog("Delete")
    visitor.see_text("short-lived is deleted.")
    assert stage.world.api("GET", "policies") == []


def advises_about_a_policy_that_matches_nothing(stage):
    stage.world.api("PUT", "policies/%2F/idle-one", {"pattern": "^no such name$",
                    "definition": {"max-length": 1}, "apply-to": "queues"})
    stage.world.api("PUT", "users/nobody", {"password": "x", "tags": ""})
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "advice")
    visitor.see_text("1 policy matches nothing")
    visitor.see_text("1 user can do nothing")
    stage.world.api("DELETE", "users/nobody")
    stage.world.api("DELETE", "policies/%2F/idle-one")
    visitor.press("Look again")
    visitor.see_not(visitor.page.get_by_text("1 policy matches nothing"))


def sets_limits_of_a_virtual_host(stage):
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "vhosts")
    page.get_by_text("Add a virtual host").click()
    page.get_by_label("Name", exact=True).fill("shop")
    visitor.press("Add")
    page.get_by_role("link", name="shop", exact=True).click()
    visitor.see(page.get_by_role("heading", name="shop", level=1))
    page.get_by_label("Most queues").fill("5")
    visitor.press("Save the limits")
    visitor.see_text("The limits are saved.")
    assert stage.world.api("GET", "vhost-limits/shop")[0]["value"] == {"max-queues": 5}
    visitor.press("Delete")
    visitor.answer_dialog("Delete", word="shop")
    visitor.see_text("shop is deleted.")


def compares_definitions_before_it_applies_them(stage):
    stage.world.declare("kept")
    file = {"queues": [
        {"name": "kept", "vhost": "/", "durable": True, "auto_delete": False,
         "arguments": {"x-queue-type": "classic"}},
        {"name": "new-one", "vhost": "/", "durable": True, "auto_delete": False,
         "arguments": {}}],
        "policies": [{"vhost": "/", "name": "p", "pattern": "^new", "apply-to": "queues",
                      "definition": {"max-length": 7}, "priority": 1}]}
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "definitions")

    def compare():
        page.get_by_label("File").set_input_files({"name": "d.json",
            "mimeType": "application/json", "buffer": json.dumps(file).encode()})
        visitor.press("Compare with what is there")

    compare()
    difference = page.locator("#difference")
    expect(difference).to_contain_text("/ new-one")
    expect(difference).to_contain_text("/ p")
    assert not stage.world.has("queues/%2F/new-one"), "it was applied without being asked"
    visitor.press("Apply")
    visitor.answer_dialog("Apply")
    visitor.see_text("The definitions are applied.")
    assert stage.world.has("queues/%2F/new-one")

    file["policies"][0]["priority"] = 2
    compare()
    expect(difference).to_contain_text("priority")
    expect(difference).to_contain_text("− 1")
    expect(difference).to_contain_text("+ 2")
    stage.world.api("DELETE", "policies/%2F/p")

    file["queues"][0]["arguments"] = {"x-max-length": 1}
    compare()
    expect(difference).to_contain_text("In the way")
    expect(difference).to_contain_text("/ kept")
    expect(difference.get_by_role("button", name="Apply")).to_have_count(0)


def refuses_a_file_that_holds_no_definitions(stage):
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "definitions")
    visitor.page.get_by_label("File").set_input_files({"name": "d.json",
        "mimeType": "application/json", "buffer": b"{ not json"})
    visitor.press("Compare with what is there")
    visitor.see_text("The file is no JSON")


def downloads_definitions(stage):
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "definitions")
    with visitor.page.expect_download() as download:
        visitor.press("Download")
    with open(download.value.path(), encoding="utf-8") as file:
        definitions = json.load(file)
    assert any(user["name"] == ADMIN[0] for user in definitions["users"]), definitions


CASES = [adds_a_user_and_tests_permissions, keeps_a_password_when_tags_change,
         previews_what_a_policy_matches, advises_about_a_policy_that_matches_nothing,
         sets_limits_of_a_virtual_host,
         compares_definitions_before_it_applies_them, refuses_a_file_that_holds_no_definitions,
         downloads_definitions]
