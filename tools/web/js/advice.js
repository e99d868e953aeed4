// What an experienced operator would point at, though nothing is broken: settings of queues,
// clients and users that lead to trouble later. Each rule asks the broker and gives findings as of
// findings.js; a rule for which the user lacks the right is left out.
import { ApiError, get, path } from "./api.js";
import {
  channelHref, clientName, connectionHref, queueHref,
} from "./cells.js";
import { bytes, count, number } from "./format.js";
import { findUnused } from "./policy-preview.js";
import { href } from "./router.js";
import { has } from "./session.js";

const pageSize = 500;
const pagesMax = 10; // Of each kind; more is not looked at, and said so.
const listed = 8;
const bigBacklog = 100000;
const manyChannels = 100;

async function all(kind, query, signal) {
  const rows = [];
  let answer = null;
  let page = 1;
  do {
    answer = await get(path([kind], { page, page_size: pageSize, ...query }), { signal });
    rows.push(...answer.items);
    page += 1;
  } while (page <= answer.page_count && page <= pagesMax);
  return { rows, isCut: page <= answer.page_count };
}

function finding(rows, title, text, linkOf) {
  if (rows.length === 0) return [];
  const links = rows.slice(0, listed).map(linkOf);
  if (rows.length > listed) links.push({ text: `and ${number(rows.length - listed)} more` });
  return [{ kind: "warn", title: title(rows.length), text, links }];
}

const toQueue = (note) => (row) => ({ href: queueHref(row.vhost, row.name), text: row.name,
  note: note?.(row) });
const toConnection = (note) => (row) => ({ href: connectionHref(row.name),
  text: clientName(row.client_properties) || row.name, note: note?.(row) });

async function ofQueues(signal) {
  const { rows, isCut } = await all("queues", { sort: "messages", sort_reverse: "true", columns:
    "name,vhost,type,durable,exclusive,auto_delete,arguments,effective_policy_definition,messages,"
    + "message_bytes,messages_persistent,consumers" }, signal);
  const setting = (row, key) => row.arguments?.[`x-${key}`]
    ?? row.effective_policy_definition?.[key];
  const isBounded = (row) => ["max-length", "max-length-bytes", "message-ttl", "expires", "max-age"]
    .some((key) => setting(row, key) !== undefined);
  const lasting = rows.filter((row) => !row.exclusive && !row.auto_delete);
  const found = [
    ...finding(lasting.filter((row) => !isBounded(row) && row.messages >= bigBacklog),
      (n) => `${count(n, "large queue has", "large queues have")} no bound`,
      "A policy with max-length, max-length-bytes or message-ttl keeps one queue from filling the "
      + "disk for all.", toQueue((row) => `${number(row.messages)}, ${bytes(row.message_bytes)}`)),
    ...finding(rows.filter((row) => row.type !== "stream" && row.consumers > 0
      && setting(row, "dead-letter-exchange") === undefined
      && setting(row, "delivery-limit") !== undefined),
    (n) => `${count(n, "queue drops", "queues drop")} what is delivered too often`,
    "There is a delivery limit but no dead letter exchange: such messages are gone.", toQueue()),
    ...finding(lasting.filter((row) => row.durable && row.type === "classic"
      && row.messages >= 1000 && row.messages_persistent < row.messages / 2),
    (n) => `${count(n, "durable queue holds", "durable queues hold")} what a restart loses`,
    "Publishers send them transient (delivery_mode 1), into a queue that survives.",
    toQueue((row) => `${number(row.messages - row.messages_persistent)} transient`)),
  ];
  if (isCut) found.push(cut("queues", "those with most messages"));
  return found;
}

function cut(what, which) {
  return { kind: "good", title: `Only ${number(pageSize * pagesMax)} ${what} were looked at`,
    text: `There are more: ${which} were taken.`, links: [] };
}

async function ofConsumers(signal) {
  const { rows } = await all("consumers", {}, signal);
  const unlimited = rows.filter((row) => row.ack_required && row.prefetch_count === 0);
  return finding(unlimited,
    (n) => `${count(n, "consumer has", "consumers have")} no prefetch limit`,
    "They are sent all there is: one slow consumer holds everything, in its own memory. Set "
    + "basic.qos, for instance 100.", (row) => ({ href: channelHref(row.channel_details.name ?? ""),
      text: row.consumer_tag, note: row.queue.name }));
}

async function ofConnections(signal) {
  const { rows } = await all("connections", { columns: "name,user,channels,timeout,ssl,peer_host,"
    + "client_properties" }, signal);
  const isLocal = (row) => /^(127\.|::1|::ffff:127\.|unix)/.test(row.peer_host ?? "");
  return [
    ...finding(rows.filter((row) => row.channels > manyChannels),
      (n) => `${count(n, "connection has", "connections have")} more than ${manyChannels} channels`,
      "Channels that are opened and not closed pile up until channel_max.",
      toConnection((row) => count(row.channels, "channel"))),
    ...finding(rows.filter((row) => row.timeout === 0 && !isLocal(row)),
      (n) => `${count(n, "client")} without a heartbeat`,
      "A client whose machine vanished keeps its messages until the kernel gives up, which takes "
      + "hours.", toConnection((row) => row.peer_host)),
    ...finding(rows.filter((row) => !row.ssl && !isLocal(row)),
      (n) => `${count(n, "client")} from elsewhere without TLS`,
      "Passwords and messages can be read on the way: see listeners.ssl.", toConnection(
        (row) => `${row.user} from ${row.peer_host}`)),
  ];
}

async function ofPolicies(signal) {
  const found = [];
  for (const kind of ["policies", "operator-policies"]) {
    const rows = await get(kind, { signal });
    const unused = await findUnused(rows, signal);
    found.push(...finding(rows.filter((row) => unused.has(JSON.stringify([row.vhost, row.name]))),
      (n) => `${count(n, "policy matches", "policies match")} nothing`,
      "A pattern with a mistake, or what it was for is gone.", (row) => ({ text: row.name,
        href: href(["policies"], { kind }), note: row.pattern })));
  }
  return found;
}

async function ofUsers(signal) {
  if (!has("administrator")) return [];
  const [users, permissions] = await Promise.all([get("users", { signal }),
    get("permissions", { signal })]);
  const toUser = (row) => ({ href: href(["users", row.name]), text: row.name });
  const isUsed = new Set(permissions.map((row) => row.user));
  return [
    ...finding(users.filter((row) => row.name === "guest"), () => "The user guest is still there",
      "Everybody knows the password. It may log in from this machine only, unless loopback_users "
      + "says otherwise; give people users of their own and delete it.", toUser),
    ...finding(users.filter((row) => row.password_hash === "" && row.tags.length > 0),
      (n) => `${count(n, "user")} with tags and without a password`,
      "Nobody can log in to the page as them with a password.", toUser),
    ...finding(users.filter((row) => !isUsed.has(row.name) && row.tags.length === 0),
      (n) => `${count(n, "user")} can do nothing`, "No permission anywhere and no tag.", toUser),
  ];
}

async function ofCertificates(signal) {
  try {
    await get("health/checks/certificate-expiration/1/months", { signal });
    return [];
  } catch (error) {
    if (error.status !== 503) throw error;
    return [{ kind: "bad", title: "A certificate expires within a month",
      text: "lepusctl certificates lists them; renewed files are taken by SIGHUP.", links: [] }];
  }
}

const rules = [ofCertificates, ofQueues, ofConsumers, ofConnections, ofPolicies, ofUsers];

export async function advice(signal) {
  const parts = await Promise.all(rules.map((rule) => rule(signal).catch((error) => {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)
      && !error.isLogin) return [];
    throw error;
  })));
  return parts.flat();
}
