// Who is logged in, and what this browser remembers. Credentials live in sessionStorage: gone with
// the tab, never in a cookie, so no other site can use them. They are kept as the value of the
// header that carries them: "Basic ..." of a name and password, "Bearer ..." of a token.

const credentialsKey = "lepus.credentials";
let user = null;

export function credentials() {
  return sessionStorage.getItem(credentialsKey);
}

export function setCredentials(value) {
  sessionStorage.setItem(credentialsKey, value);
}

export function ofPassword(name, password) {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

export function ofToken(token) {
  return `Bearer ${token}`;
}

export function forget() {
  sessionStorage.removeItem(credentialsKey);
  user = null;
}

export function setUser(value) {
  user = value;
}

export function currentUser() {
  return user;
}

// RabbitMQ's tags contain each other.
const implied = {
  administrator: ["administrator", "policymaker", "monitoring", "management"],
  monitoring: ["monitoring", "management"],
  policymaker: ["policymaker", "management"],
  management: ["management"],
};

export function has(tag) {
  return (user?.tags ?? []).some((own) => (implied[own] ?? []).includes(tag));
}

// Settings of this browser; without storage (a private window) they last as long as the page.
const memory = new Map();

export function remembered(name, fallback) {
  try {
    const text = localStorage.getItem(`lepus.${name}`);
    if (text !== null) return JSON.parse(text);
  } catch {
    // No storage, or not ours.
  }
  return memory.has(name) ? memory.get(name) : fallback;
}

export function remember(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(`lepus.${name}`, JSON.stringify(value));
  } catch {
    // Kept in memory.
  }
}
