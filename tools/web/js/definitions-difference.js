// What an upload of definitions would do: an import adds and changes objects and deletes none.
// Queues and exchanges cannot be changed: where a file has others of the same name, the broker
// refuses it.

// How objects of a section are told apart, and in what words.
const sections = {
  vhosts: ["name"], users: ["name"], permissions: ["vhost", "user"],
  topic_permissions: ["vhost", "user", "exchange"], parameters: ["vhost", "component", "name"],
  global_parameters: ["name"], policies: ["vhost", "name"], operator_policies: ["vhost", "name"],
  exchanges: ["vhost", "name"], queues: ["vhost", "name"],
  bindings: ["vhost", "source", "destination_type", "destination", "routing_key", "arguments"],
};
// Fields that a file may leave out because they have a default.
const defaults = { arguments: {}, auto_delete: false, internal: false, durable: true, limits: {},
  tags: [], metadata: {}, description: "", "apply-to": "all", priority: 0 };

const fixed = ["exchanges", "queues"];

export function compare(now, file) {
  const result = { added: [], changed: [], conflicts: [], same: 0, staying: 0 };
  for (const [section, keys] of Object.entries(sections)) {
    const kind = section.replaceAll("_", " ").replace(/ies$/, "y").replace(/s$/, "");
    const wanted = listOf(file, section);
    const known = new Map(listOf(now, section).map((one) => [keyOf(one, keys), one]));
    const seen = new Set();
    for (const one of wanted) {
      const key = keyOf(one, keys);
      seen.add(key);
      const old = known.get(key);
      if (!old) {
        result.added.push({ kind, name: nameOf(one, section) });
        continue;
      }
      const fields = changes(old, one);
      const list = fixed.includes(section) ? result.conflicts : result.changed;
      if (fields.length > 0) list.push({ kind, name: nameOf(one, section), fields });
      else result.same += 1;
    }
    result.staying += [...known.keys()].filter((key) => !seen.has(key)).length;
  }
  return result;
}

function listOf(definitions, section) {
  const list = definitions[section] ?? [];
  if (!Array.isArray(list)) throw new Error(`${section}: this is no list`);
  return list;
}

function keyOf(object, keys) {
  return keys.map((key) => stable(object[key] ?? defaults[key] ?? "")).join(" ");
}

function nameOf(object, section) {
  const place = object.vhost !== undefined ? `${object.vhost} ` : "";
  if (section === "bindings") {
    return `${place}${object.source || "(default)"} → ${object.destination} `
      + `${object.routing_key ? `[${object.routing_key}]` : ""}`;
  }
  if (section.endsWith("permissions")) return `${place}${object.user}`;
  return `${place}${object.name}`;
}

function changes(old, wanted) {
  const fields = [];
  for (const [name, value] of Object.entries(wanted)) {
    const before = old[name] ?? defaults[name];
    if (isSame(name, before, value)) continue;
    const isSecret = name === "password_hash";
    fields.push({ name, before: isSecret ? "another password" : text(before),
      after: isSecret ? "the one of the file" : text(value) });
  }
  return fields;
}

function isSame(name, before, after) {
  return stable(comparable(name, before)) === stable(comparable(name, after));
}

// Tags may be a text, and a queue without a type is a classic one.
function comparable(name, value) {
  if (name === "tags" && typeof value === "string") return value.split(",").filter(Boolean);
  if (name !== "arguments" || value?.["x-queue-type"] !== "classic") return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "x-queue-type"));
}

function text(value) {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "nothing";
}

// JSON with the keys of objects in order.
function stable(value) {
  if (Array.isArray(value)) return `[${value.map(stable).join()}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) => `${key}:${stable(value[key])}`).join()}}`;
  }
  return JSON.stringify(value) ?? "undefined";
}
