"""Shovels and parameters: added, changed, deleted; messages moved from the page of their queue."""

import time

from playwright.sync_api import expect
from world import ADMIN

MOVED_S_MAX = 20


def wait_for(condition, what):
    end = time.monotonic() + MOVED_S_MAX
    while not condition():
        assert time.monotonic() < end, what


def adds_and_deletes_a_shovel(stage):
    stage.world.declare("from here")
    stage.world.declare("to there")
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "shovels")
    form = page.locator("form", has_text="Add a shovel")
    form.get_by_label("Name", exact=True).fill("mover")
    form.get_by_label("Its name").first.fill("from here")
    form.get_by_label("Its name").last.fill("to there")
    visitor.press("Save", form)
    visitor.see_text("Shovel mover is saved.")
    row = page.get_by_role("row").filter(has_text="mover")
    expect(row).to_contain_text("running", timeout=15_000)
    stage.world.publish("from here", "one")
    wait_for(lambda: stage.world.messages("to there") == 1, "nothing was moved")
    visitor.press("Edit", row)
    form = page.locator("form", has_text="Change mover")
    assert form.get_by_label("Its name").first.input_value() == "from here"
    visitor.press("Restart", row)
    visitor.see_text("mover begins again.")
    visitor.press("Delete", row)
    visitor.answer_dialog("Delete")
    visitor.see_text("mover is deleted.")
    visitor.see_text("There is none.")


def tells_what_is_wrong_with_a_shovel(stage):
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "shovels")
    form = visitor.page.locator("form", has_text="Add a shovel")
    form.get_by_label("Name", exact=True).fill("wrong")
    form.get_by_label("URI").first.fill("http://host")
    form.get_by_label("Its name").first.fill("q")
    visitor.press("Save", form)
    visitor.see_text("expected a URI that begins with amqp://")


def moves_dead_letters_back(stage):
    stage.world.declare("letters")
    stage.world.declare("origin", {"x-dead-letter-exchange": "",
                                   "x-dead-letter-routing-key": "letters"})
    stage.world.publish("origin", "one", expiration="1")
    wait_for(lambda: stage.world.messages("letters") == 1, "it did not die")
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "queues/%2F/letters?tab=move")
    panel = visitor.page.get_by_role("tabpanel", name="Move", exact=True)
    panel.get_by_label("To", exact=True).select_option("where they died (dead letters)")
    visitor.press("Move messages", panel)
    visitor.see_text("Messages are moved by the shovel")
    wait_for(lambda: stage.world.messages("origin") == 1, "it did not come back")
    assert stage.world.messages("letters") == 0


def sets_a_parameter(stage):
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "parameters")
    form = page.locator("form", has_text="Set a parameter")
    form.get_by_label("Component").fill("vhost-limits")
    form.get_by_label("Name", exact=True).fill("limits")
    form.get_by_label("Value").fill("{")
    visitor.press("Save", form)
    visitor.see_text("The value is no JSON")
    form.get_by_label("Value").fill('{"max-queues": 500}')
    visitor.press("Save", form)
    visitor.see_text("limits is saved.")
    row = page.get_by_role("row").filter(has_text="vhost-limits")
    expect(row).to_contain_text("max-queues")
    visitor.press("Delete", row)
    visitor.answer_dialog("Delete")
    visitor.see_text("limits is deleted.")


CASES = [adds_and_deletes_a_shovel, tells_what_is_wrong_with_a_shovel, moves_dead_letters_back,
         sets_a_parameter]
