"""Queues, exchanges and messages: declare, bind, publish, look, purge, delete; long lists."""

import time

from playwright.sync_api import expect
from world import ADMIN

MANY = 50_000
GROWTH_SECONDS_MAX = 30


def declares_binds_publishes_and_looks(stage):
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "exchanges")
    page.get_by_text("Declare an exchange").click()
    form = page.get_by_role("group").filter(has_text="Declare an exchange")
    form.get_by_label("Name", exact=True).fill("shop")
    form.get_by_label("Type").select_option("topic")
    visitor.press("Declare", form)
    visitor.see_text("Exchange shop is declared.")

    visitor.go("queues", "Queues and streams")
    page.get_by_text("Declare a queue").click()
    form = page.get_by_role("group").filter(has_text="Declare a queue")
    form.get_by_label("Name", exact=True).fill("shop.orders")
    visitor.press("+ Add", form)
    form.get_by_label("Name of the argument").fill("x-max-length")
    form.get_by_label("Value of the argument").fill("1000")
    form.get_by_label("Kind of the value").select_option("number")
    visitor.press("Declare", form)
    visitor.see(page.get_by_role("link", name="shop.orders"))
    queue = stage.world.api("GET", "queues/%2F/shop.orders")
    assert queue["arguments"] == {"x-max-length": 1000, "x-queue-type": "classic"}, queue

    visitor.go("exchanges/%2F/shop?tab=bindings", "shop")
    page.get_by_label("Name", exact=True).fill("shop.orders")
    page.get_by_label("Routing key").first.fill("order.#")
    visitor.press("Bind")
    visitor.see(page.get_by_role("table", name="Bindings").get_by_text("order.#"))
    visitor.see(page.get_by_role("group", name="Picture of the bindings"))

    visitor.tab("Publish")
    panel = page.get_by_role("tabpanel", name="Publish")
    panel.get_by_label("Routing key").fill("order.new")
    panel.get_by_label("Body", exact=True).fill('{"order": 17, "name": "Zoë <b>"}')
    visitor.press("Publish", panel)
    visitor.see_text("was routed")

    visitor.go("queues/%2F/shop.orders?tab=messages", "shop.orders")
    visitor.press("Get messages")
    body = page.get_by_label("Body of the message")
    expect(body).to_contain_text('"order": 17')
    expect(body).to_contain_text("Zoë <b>")
    visitor.press("Hex")
    expect(body).to_contain_text("7b 22 6f 72 64 65 72")
    assert stage.world.messages("shop.orders") == 1, "a look took the message"


def shows_where_a_message_died(stage):
    stage.world.declare("graves")
    stage.world.declare("short-life", {"x-message-ttl": 1, "x-dead-letter-exchange": "",
                                       "x-dead-letter-routing-key": "graves"})
    stage.world.publish("short-life", "one", headers={"tenant": "acme"})
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "queues/%2F/graves?tab=messages")
    ready = visitor.page.locator(".tile", has_text="Ready")
    expect(ready).to_contain_text("1")
    visitor.press("Get messages")
    visitor.see_text("Where it died")
    visitor.see(visitor.page.get_by_role("listitem").get_by_role("link", name="short-life"))
    visitor.see_text("tenant: acme")


def tells_an_unroutable_message(stage):
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "exchanges/%2F/amq.direct?tab=publish")
    panel = visitor.page.get_by_role("tabpanel", name="Publish")
    panel.get_by_label("Routing key").fill("nobody")
    visitor.press("Publish", panel)
    visitor.see_text("no queue is bound for it")


def purges_and_deletes(stage):
    stage.world.declare("short")
    for number in range(3):
        stage.world.publish("short", str(number))
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "queues/%2F/short")
    visitor.press("Purge")
    visitor.answer_dialog("Purge", word="short")
    visitor.see_text("short is empty.")
    assert stage.world.messages("short") == 0
    visitor.press("Delete")
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    visitor.answer_dialog("Delete", word="short")
    visitor.see(visitor.page.get_by_role("heading", name="Queues and streams"))
    assert not stage.world.has("queues/%2F/short")


def names_with_any_letters(stage):
    name = "a/b c%2F#?ü<i>"
    stage.world.declare(name)
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "queues")
    visitor.page.get_by_role("link", name=name, exact=True).click()
    visitor.see(visitor.page.get_by_role("heading", name=name, exact=True, level=1))
    visitor.press("Delete")
    visitor.answer_dialog("Delete", word=name)
    visitor.see_text("is deleted.")


def pages_filters_and_sorts_a_long_list(stage):
    stage.world.api("PUT", "vhosts/long", {})
    stage.world.api("PUT", "permissions/long/admin",
                    {"configure": ".*", "write": ".*", "read": ".*"})
    stage.world.api("POST", "definitions", {"queues": [
        {"name": f"many-{number:05}", "vhost": "long", "durable": True, "auto_delete": False,
         "arguments": {}} for number in range(MANY)]})
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "queues?vhost=long")
    rows = page.get_by_role("table", name="Queues").get_by_role("row")
    visitor.see_text("1–100 of 50,000")
    expect(rows).to_have_count(101)
    visitor.press("Last page")
    visitor.see_text("49,901–50,000 of 50,000")
    visitor.press("Name ↑")
    visitor.see_text("1–100 of 50,000")
    visitor.see(rows.nth(1).get_by_role("link", name="many-49999"))
    page.get_by_label("Filter").fill("MANY-0000")
    visitor.see_text("1–10 of 10 (50,000 without the filter)")
    page.get_by_label("regular expression").check()
    page.get_by_label("Filter").fill("many-000[12][0-4]$")
    visitor.see_text("1–10 of 10")
    page.get_by_label("Filter").fill("many-(")
    visitor.see_text("This is no regular expression yet.")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Arguments").check()
    page.reload()
    visitor.see(page.get_by_role("columnheader", name="Arguments"))
    stage.world.api("DELETE", "vhosts/long")


def draws_a_list_of_100_quickly(stage):
    """Scripting of one refresh of 100 rows whose numbers all changed."""
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "overview")
    visitor.see(visitor.page.get_by_role("heading", name="Overview", level=1))
    took = visitor.page.evaluate("""async () => {
      const { Table } = await import("./js/table.js");
      const { queueColumns } = await import("./js/queue-columns.js");
      const rows = (round) => Array.from({ length: 100 }, (_, i) => ({
        name: `queue ${i}`, vhost: "/", type: "classic", durable: true, consumers: i,
        messages: i * round, messages_ready: i + round, messages_unacknowledged: round,
        messages_details: { rate: round }, message_stats: { publish_details: { rate: i } } }));
      const table = new Table({ label: "x", key: (row) => row.name, columns: queueColumns });
      document.getElementById("main").replaceChildren(table.element);
      const times = [];
      for (let round = 0; round < 9; round += 1) {
        const begin = performance.now();
        table.update(rows(round));
        times.push(performance.now() - begin);
      }
      return times.sort((a, b) => a - b)[4];
    }""")
    print(f"  100 rows: {took:.1f} ms of scripting", flush=True)
    assert took <= 50, f"{took} ms"


def tells_of_a_queue_that_grows_unread(stage):
    stage.world.declare("unread")
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "overview")
    visitor.page.get_by_label("Refresh").select_option("every 2 s")
    warning = visitor.page.get_by_role("list", name="What is wrong now").get_by_role(
        "link", name="unread")
    end = time.monotonic() + GROWTH_SECONDS_MAX
    while not warning.is_visible() and time.monotonic() < end:
        stage.world.publish("unread", "one more")
    visitor.see(warning)
    warning.click()
    visitor.see(visitor.page.get_by_role("heading", name="unread", level=1))
    expect(visitor.page.locator(".tile", has_text="Ready")).not_to_contain_text("Ready0")


CASES = [declares_binds_publishes_and_looks, shows_where_a_message_died,
         tells_an_unroutable_message, purges_and_deletes, names_with_any_letters,
         pages_filters_and_sorts_a_long_list, draws_a_list_of_100_quickly,
         tells_of_a_queue_that_grows_unread]
