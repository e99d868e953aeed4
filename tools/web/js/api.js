// The HTTP API of the broker that served this page. Requests carry their credentials in a header
// and no cookies, so another site cannot make them in the user's name.
//
//   get("queues/%2F?page=1") -> value      send("PUT", path(["users", name]), body) -> value
//
// Failures are ApiError: `status` 0 says that the broker did not answer; 401 with `isLogin` that
// the login is no longer good. Both are also told to watchers (watch).
import { credentials } from "./session.js";

const root = new URL("api/", document.baseURI);
const watchers = { away: [], back: [], expired: [] };
let awaySince = null;

export class ApiError extends Error {
  constructor(status, text, isLogin = false) {
    super(text);
    this.status = status;
    this.isLogin = isLogin;
  }
}

export function watch(event, call) {
  watchers[event].push(call);
}

function tell(event, value) {
  for (const call of watchers[event]) call(value);
}

export function path(parts, query = {}) {
  const values = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(values).toString();
  return parts.map(encodeURIComponent).join("/") + (text ? `?${text}` : "");
}

export function get(where, options = {}) {
  return request("GET", where, undefined, options);
}

export function send(method, where, body, options = {}) {
  return request(method, where, body, options);
}

async function request(method, where, body, options) {
  const headers = { accept: "application/json", ...options.headers };
  const own = options.credentials ?? credentials();
  if (own) headers.authorization = own;
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  let text;
  try {
    answer = await fetch(new URL(where, root), {
      method, headers, credentials: "omit", cache: "no-store", signal: options.signal,
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    text = await answer.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    leave();
    throw new ApiError(0, "The broker does not answer.");
  }
  comeBack();
  if (answer.ok) return read(text);
  const failure = describe(answer.status, text);
  if (failure.isLogin && !options.credentials) tell("expired", failure);
  throw failure;
}

function read(text) {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(502, "The answer is no JSON: is there something between this page and the "
      + "broker?");
  }
}

// The broker says in the same status that a login is wrong and that a right is missing.
function describe(status, text) {
  let reason = "";
  try {
    const body = JSON.parse(text);
    reason = typeof body.reason === "string" ? body.reason : JSON.stringify(body.reason ?? body);
  } catch {
    reason = text.slice(0, 300);
  }
  if (status === 401 && /^Not_Authorized$|only log in via localhost|[Ll]ogin/.test(reason)) {
    return new ApiError(status, reason, true);
  }
  if (status === 401 || status === 403) return new ApiError(status, explainRight(reason));
  return new ApiError(status, explain(status, reason));
}

function explainRight(reason) {
  if (reason === "Access refused.") {
    return "You have no permission for this: a permission (configure, write or read) of the "
      + "virtual host does not match the name. An administrator sees them on the page Users.";
  }
  if (/virtual host/.test(reason)) return "You have no access to this virtual host.";
  return `You are not allowed to do this: ${reason}`;
}

function explain(status, reason) {
  if (status === 404 && (reason === "" || reason === "Not Found")) {
    return "This is not there (any more).";
  }
  if (status === 413) return "This is larger than management.http.max_body_size allows.";
  if (status === 503) return `The broker is busy or stopping: ${reason}`;
  return reason || `The broker answered with status ${status}.`;
}

// ---- The broker that goes away and comes back ----

export function isAway() {
  return awaySince !== null;
}

function leave() {
  if (awaySince !== null) return;
  awaySince = Date.now();
  tell("away", awaySince);
  setTimeout(probe, 1000);
}

function comeBack() {
  if (awaySince === null) return;
  awaySince = null;
  tell("back");
}

async function probe() {
  try {
    await fetch(new URL("auth", root), { credentials: "omit", cache: "no-store" });
    comeBack();
  } catch {
    setTimeout(probe, 1500);
  }
}
