"""What happens now: pieces of streams, the log, traces, cores and shards, logins by token."""

from playwright.sync_api import expect
from world import ADMIN, READER

STREAM = {"x-queue-type": "stream"}


def messages(visitor):
    return visitor.page.locator("details.message > summary > b")


def browses_a_stream(stage):
    world = stage.world
    world.declare("story", STREAM)
    for number in range(25):
        world.publish("story", f"line {number}")
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "queues/%2F/story?tab=messages")
    visitor.press("Get messages")
    visitor.see_text("10 messages, the oldest first; the stream has offsets 0 to 24.")
    expect(messages(visitor).first).to_have_text("15")
    expect(page.get_by_label("Body of the message").first).to_have_text("line 15")
    visitor.press("Older")
    expect(messages(visitor).first).to_have_text("5")
    visitor.press("Older")
    expect(messages(visitor)).to_have_count(5)
    expect(messages(visitor).first).to_have_text("0")
    expect(page.get_by_role("button", name="Older")).to_be_disabled()
    visitor.press("Newer")
    expect(messages(visitor).first).to_have_text("5")
    page.get_by_label("Begin").select_option("at an offset")
    page.get_by_label("Offset", exact=True).fill("20")
    page.get_by_label("How many").fill("2")
    visitor.press("Get messages")
    visitor.see_text("2 messages, the oldest first")
    expect(messages(visitor)).to_have_text(["20", "21"])
    visitor.press("Newer")
    expect(messages(visitor)).to_have_text(["22", "23"])
    visitor.press("Newer")
    visitor.press("Newer")
    visitor.see_text("No message from there on; the stream has offsets 0 to 24.")
    world.publish("story", "one more")
    visitor.press("Newer")
    expect(messages(visitor)).to_have_text(["25"])
    page.get_by_label("Begin").select_option("at the oldest")
    visitor.press("Get messages")
    expect(messages(visitor)).to_have_text(["0", "1"])
    page.get_by_label("Show only").fill("line 1")
    visitor.see_text("1 of 2 messages match")
    page.get_by_label("Show only").fill("")
    page.get_by_label("Begin").select_option("so long ago")
    page.get_by_label("How long ago").fill("1h")
    visitor.press("Get messages")
    expect(messages(visitor)).to_have_text(["0", "1"])
    page.get_by_label("Begin").select_option("at a time")
    page.get_by_label("Time", exact=True).fill("2020-01-01T00:00:00")
    visitor.press("Get messages")
    expect(messages(visitor)).to_have_text(["0", "1"])
    assert world.api("GET", "queues/%2F/story/browse?offset=first")["end_offset"] == 26


def follows_the_log(stage):
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "log")
    lines = page.get_by_role("log")
    mark = {"pattern": "^none$", "definition": {"max-length": 1}}
    stage.world.api("PUT", "policies/%2F/first-mark", mark)
    expect(lines).to_contain_text("first-mark")
    page.get_by_label("Show only").fill("SECOND-mark")
    visitor.see_text("No line is as you want it.")
    stage.world.api("PUT", "policies/%2F/second-mark", mark)
    expect(lines).to_contain_text("second-mark")
    expect(lines).not_to_contain_text("first-mark")
    page.get_by_label("At least").select_option("critical")
    visitor.see_text("No line is as you want it.")
    assert "level=critical" in page.url and "text=SECOND-mark" in page.url
    page.reload()
    expect(page.get_by_label("At least")).to_have_value("critical")
    for name in ("first-mark", "second-mark"):
        stage.world.api("DELETE", f"policies/%2F/{name}")


def traces_messages(stage):
    world = stage.world
    world.declare("traced")
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "trace?vhost=%2F")
    visitor.see_text("Nothing is traced in this virtual host.")
    visitor.press("Trace this virtual host")
    visitor.answer_dialog("Trace")
    visitor.see_text("Tracing is on in /")
    visitor.see_text("Nothing has come yet")
    world.publish("traced", "hello trace", headers={"tenant": "acme"})
    world.publish("nowhere", "other")
    expect(page.locator("details.message")).to_have_count(2)
    world.messages("traced")
    expect(page.locator("details.message")).to_have_count(3)
    newest = page.locator("details.message").first
    expect(newest).to_contain_text("delivered")
    newest.locator("summary").click()
    visitor.see(newest.get_by_role("link", name="traced", exact=True))
    visitor.see(newest.get_by_text("tenant: acme"))
    page.get_by_label("Queue", exact=True).fill("tra*")
    expect(page.locator("details.message")).to_have_count(2)
    page.get_by_label("Queue", exact=True).fill("")
    page.get_by_label("Routing key").fill("nowhere")
    expect(page.locator("details.message")).to_have_count(1)
    visitor.go("overview", "Overview")
    visitor.see_text("A virtual host is traced")
    visitor.go("vhosts/%2F", "/")
    page.get_by_role("link", name="look at them").click()
    visitor.see_text("Tracing is on in /")
    visitor.press("End tracing")
    visitor.see_text("/ is not traced any more.")
    expect(page.get_by_role("button", name="Trace this virtual host")).to_be_visible()
    assert not world.api("GET", "vhosts/%2F")["tracing"]


def only_administrators_see_traces(stage):
    visitor = stage.visitor()
    visitor.log_in(READER, "trace")
    visitor.see_text("It needs a user with the tag “administrator”.")
    visitor.see_not(visitor.page.get_by_role("link", name="Trace"))


def draws_cores_and_shards(stage):
    visitor = stage.visitor()
    page = visitor.page
    visitor.log_in(ADMIN, "nodes")
    visitor.see(page.get_by_role("heading", name="Cores and shards"))
    visitor.see(page.get_by_role("img", name="shard-0 is").first)
    visitor.see(page.get_by_role("img", name="Core 0").first)
    visitor.see_text("of which the broker may use")


def machine():
    """Two nodes of four cores with two CPUs each; shards on two cores of the first node."""
    cpus = [{"cpu": number, "core": number % 8, "node": number % 8 // 4, "allowed": number != 15,
             "shards": {1: [0], 2: [1]}.get(number, []), "helpers": number in (0, 8),
             "network": ["eth0"] if number in (0, 3) else []} for number in range(16)]
    return {"pinned": True, "cpus": cpus, "network": [{"name": "eth0", "irqs": 2, "cpus": [0, 3]}],
            "warnings": ["the shards are on two nodes"]}


def draws_a_machine_with_bound_shards(stage, shot=None):
    visitor = stage.visitor()
    page = visitor.page
    page.route("**/api/nodes/*/placement", lambda route: route.fulfill(json=machine()))
    visitor.log_in(ADMIN, "nodes")
    card = page.locator("section.card", has=page.get_by_role("heading", name="Cores and shards"))
    for node in (0, 1):
        visitor.see(card.get_by_text(f"NUMA node {node}", exact=True))
    expect(card.locator("svg.core")).to_have_count(8)
    visitor.see(page.get_by_role("img", name="Core 1 CPU 1: shard-0 is"))
    visitor.see(page.get_by_role("img", name="CPU 15: not for the broker"))
    expect(card).to_contain_text("8 cores with 16 CPUs, of which the broker may use 15.")
    expect(card).to_contain_text("eth0 has 2 interrupts on CPU 0, 3.")
    expect(card).to_contain_text("Warning: the shards are on two nodes.")
    assert card.get_by_text("Not bound to a core").count() == 0
    if shot:
        card.screenshot(path=shot)


def lists_feature_flags(stage):
    visitor = stage.visitor()
    visitor.log_in(ADMIN, "feature-flags")
    visitor.see(visitor.page.get_by_role("cell", name="stream_filtering"))


def logs_in_with_a_token(stage):
    visitor = stage.visitor()
    page = visitor.page
    visitor.open("queues")
    visitor.press("Log in with a token")
    page.get_by_label("Token").fill("no token")
    visitor.press("Log in")
    visitor.see_text("The token is refused")
    token = stage.world.issuer.token("ann", "rabbitmq.tag:monitoring rabbitmq.read:*/*")
    page.get_by_label("Token").fill(f"{token[:40]}\n{token[40:]}\n")
    visitor.press("Log in")
    visitor.see(page.get_by_role("heading", name="Queues and streams"))
    visitor.see(page.get_by_text("ann", exact=True))
    page.reload()
    visitor.see(page.get_by_role("heading", name="Queues and streams"))
    visitor.press("Log out")
    visitor.see(page.get_by_label("Password"))


CASES = [browses_a_stream, follows_the_log, traces_messages, only_administrators_see_traces,
         draws_cores_and_shards, draws_a_machine_with_bound_shards, lists_feature_flags,
         logs_in_with_a_token]
