// What is wrong right now, in words, with what to do: alarms, queues that grow, clients that are
// slowed down. What the user may not see is left out.
import { clientName, connectionHref, queueHref } from "./cells.js";
import { ApiError, get, path } from "./api.js";
import { bytes, count, duration, number, percent, rate } from "./format.js";
import { href } from "./router.js";
import { has } from "./session.js";

const backlog = 1000; // Messages that nobody reads.
const heldLong = 10 * 60 * 1000;
const heldMany = 10000;
const churn = 10; // Connections a second.
const listed = 4;

export async function findings(overview, nodes, signal) {
  const parts = await Promise.all([
    ofAlarms(nodes, signal),
    ofQueues("messages_ready", unread, signal),
    ofQueues("messages_unacknowledged", held, signal),
    ofQueues("messages_unreadable", unreadable, signal),
    ofConnections(signal),
    ofTraces(signal),
  ]);
  return [...parts.flat(), ...ofChurn(overview)];
}

async function ofAlarms(nodes, signal) {
  if (has("monitoring")) return nodes.flatMap(ofNode);
  try {
    await get("health/checks/alarms", { signal });
    return [];
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 503) throw error;
    return [bad("The broker has an alarm", "Memory or disk is short: whoever publishes waits.")];
  }
}

function bad(title, text, links = []) {
  return { kind: "bad", title, text, links };
}
function warn(title, text, links = []) {
  return { kind: "warn", title, text, links };
}

function ofNode(node) {
  const list = [];
  if (node.mem_alarm) {
    list.push(bad("Memory alarm: publishers are blocked",
      `${bytes(node.mem_used)} are used, the limit is ${bytes(node.mem_limit)}. Let consumers `
      + "catch up, purge what nobody needs, or raise vm_memory_high_watermark."));
  } else if (node.mem_limit > 0 && node.mem_used > 0.85 * node.mem_limit) {
    list.push(warn(`Memory is at ${percent(node.mem_used / node.mem_limit)} of its limit`,
      "At the limit publishers are blocked."));
  }
  if (node.disk_free_alarm) {
    list.push(bad("Disk alarm: publishers are blocked",
      `${bytes(node.disk_free)} are free, ${bytes(node.disk_free_limit)} are wanted `
      + `(disk_free_limit) where ${node.db_dir} is.`));
  }
  if (node.fd_total > 0 && node.fd_used > 0.8 * node.fd_total) {
    list.push(warn(`${percent(node.fd_used / node.fd_total)} of the file descriptors are used`,
      "Without any no connection is accepted: raise LimitNOFILE."));
  }
  if (node.being_drained) {
    list.push(warn("The node is being drained",
      "New clients are refused until `lepusctl revive`."));
  }
  return list;
}

const queueColumns = ["name", "vhost", "type", "consumers", "messages_ready",
  "messages_ready_details", "messages_unacknowledged", "oldest_unacknowledged_age_ms",
  "messages_unreadable"].join(",");

async function ofQueues(sort, judge, signal) {
  const answer = await get(path(["queues"], { page: 1, page_size: 100, sort, sort_reverse: "true",
    columns: queueColumns }), { signal });
  return judge(answer.items);
}

function unread(queues) {
  const plain = queues.filter((queue) => queue.type !== "stream");
  const growth = (queue) => queue.messages_ready_details?.rate ?? 0;
  const alone = plain.filter((queue) => queue.consumers === 0 && queue.messages_ready > 0);
  const growing = alone.filter((queue) => growth(queue) > 0);
  const lying = alone.filter((queue) => growth(queue) <= 0 && queue.messages_ready >= backlog);
  const slow = plain.filter((queue) => queue.consumers > 0 && queue.messages_ready >= backlog
    && growth(queue) > 1);
  return [
    ...group(growing, "grows and nobody reads it", "grow and nobody reads them",
      "Start a consumer, or bound it with a policy (max-length, message-ttl).",
      (queue) => `${number(queue.messages_ready)}, ${rate(growth(queue))} more`),
    ...group(lying, "has a backlog and no consumer", "have a backlog and no consumer",
      "Start a consumer, or purge what nobody needs.", (queue) => number(queue.messages_ready)),
    ...group(slow, "grows faster than its consumers work",
      "grow faster than their consumers work", "Add consumers, or look why they are slow.",
      (queue) => `${number(queue.messages_ready)}, ${rate(growth(queue))} more`),
  ];
}

function held(queues) {
  const stuck = queues.filter((queue) => queue.type !== "stream"
    && (queue.messages_unacknowledged >= heldMany
      || (queue.messages_unacknowledged > 0 && queue.oldest_unacknowledged_age_ms > heldLong)));
  return group(stuck, "has messages that are held and not acknowledged",
    "have messages that are held and not acknowledged",
    "A consumer hangs, forgets to acknowledge, or has no prefetch limit.",
    (queue) => `${number(queue.messages_unacknowledged)}, for `
      + duration(queue.oldest_unacknowledged_age_ms));
}

function unreadable(queues) {
  const damaged = queues.filter((queue) => queue.messages_unreadable > 0);
  return group(damaged, "has messages that the disk does not give back",
    "have messages that the disk does not give back",
    "Look at the disk. `lepusctl list_unreadable` shows where they are; then `retry_unreadable`, "
    + "or `drop_unreadable` to give them up.", (queue) => number(queue.messages_unreadable))
    .map((finding) => ({ ...finding, kind: "bad" }));
}

function group(queues, one, many, what, tell) {
  if (queues.length === 0) return [];
  const links = queues.slice(0, listed).map((queue) => ({
    href: queueHref(queue.vhost, queue.name), text: queue.name, note: tell(queue) }));
  if (queues.length > listed) links.push({ text: `and ${number(queues.length - listed)} more` });
  const title = queues.length === 1 ? `A queue ${one}` : `${number(queues.length)} queues ${many}`;
  return [warn(title, what, links)];
}

async function ofConnections(signal) {
  const answer = await get(path(["connections"], { page: 1, page_size: 100, sort: "state",
    columns: "name,state,user,client_properties" }), { signal });
  const slowed = answer.items.filter((row) => ["blocked", "blocking", "flow"].includes(row.state));
  if (slowed.length === 0) return [];
  const links = slowed.slice(0, listed).map((row) => ({ href: connectionHref(row.name),
    text: clientName(row.client_properties) || row.name, note: `${row.state}, ${row.user}` }));
  if (slowed.length > listed) links.push({ text: `and ${number(slowed.length - listed)} more` });
  const isBlocked = slowed.some((row) => row.state === "blocked");
  return [warn(`${count(slowed.length, "connection")} ${slowed.length === 1 ? "is" : "are"} `
    + (isBlocked ? "blocked or slowed down" : "slowed down"), isBlocked
    ? "Because of the alarm above: they go on when it is over."
    : "They publish faster than the queues behind them take it. That is the flow control at work; "
      + "it matters when it lasts.", links)];
}

// Whoever turned it on may have forgotten it.
async function ofTraces(signal) {
  if (!has("administrator")) return [];
  const vhosts = await get("vhosts?columns=name,tracing", { signal });
  const traced = vhosts.filter((vhost) => vhost.tracing);
  if (traced.length === 0) return [];
  const links = traced.slice(0, listed).map((vhost) => ({ text: vhost.name,
    href: href(["trace"], { vhost: vhost.name }) }));
  if (traced.length > listed) links.push({ text: `and ${number(traced.length - listed)} more` });
  return [warn(traced.length === 1 ? "A virtual host is traced"
    : `${number(traced.length)} virtual hosts are traced`,
  "Each message there is copied, which costs throughput: end it when nobody looks.", links)];
}

function ofChurn(overview) {
  const created = overview.churn_rates?.connection_created_details?.rate ?? 0;
  if (created < churn) return [];
  return [warn(`${rate(created)} connections are opened`,
    "Clients that connect for each message cost far more than one connection that stays.")];
}
