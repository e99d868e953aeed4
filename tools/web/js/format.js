// Numbers, sizes and times in the words of the reader's language and zone. One way only: nothing
// that was made here is ever read back as a number.

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const finer = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const shortClock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export const none = "–";

export function number(value) {
  return Number.isFinite(value) ? whole.format(value) : none;
}

export function short(value) {
  if (!Number.isFinite(value)) return none;
  if (Math.abs(value) < 10) return finer.format(value);
  return Math.abs(value) < 10000 ? fine.format(value) : compact.format(value);
}

export function rate(value) {
  if (!Number.isFinite(value)) return none;
  const size = Math.abs(value);
  return `${size >= 100 ? whole.format(value) : size >= 10 ? fine.format(value)
    : finer.format(value)}/s`;
}

export function bytes(value) {
  if (!Number.isFinite(value)) return none;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? whole.format(value) : fine.format(value)} ${units[unit]}`;
}

export function byteRate(value) {
  return Number.isFinite(value) ? `${bytes(value)}/s` : none;
}

export function percent(part) {
  return Number.isFinite(part) ? `${(part < 0.1 ? fine : whole).format(part * 100)} %` : none;
}

// Milliseconds since 1970, or a text of RabbitMQ's API.
export function time(value) {
  const date = toDate(value);
  return date ? moment.format(date) : none;
}

export function clockTime(value) {
  return clock.format(new Date(value));
}

export function minute(value) {
  return shortClock.format(new Date(value));
}

function toDate(value) {
  if (value === null || value === undefined || value === "") return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function duration(ms) {
  if (!Number.isFinite(ms)) return none;
  const seconds = Math.floor(ms / 1000);
  if (ms < 1000) return `${whole.format(ms)} ms`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${whole.format(Math.floor(hours / 24))} d ${hours % 24} h`;
}

export function count(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

// Values of arguments and headers.
export function plain(value) {
  if (typeof value === "string") return value;
  return value === undefined ? none : JSON.stringify(value);
}

export function exchangeName(name) {
  return name === "" ? "(default)" : name;
}
