// Times for people; the server's clock counts, not this machine's.

import { LOCALE, t } from "./language.js";

let ahead = 0;

/** Learn how far the server's clock is ahead of ours. */
export function setServerTime(text) {
  ahead = Date.parse(text) - Date.now();
}

/** Milliseconds since 1970 by the server's clock. */
export const serverNow = () => Date.now() + ahead;

const RELATIVE = new Intl.RelativeTimeFormat(LOCALE, { numeric: "always", style: "long" });
const STEPS = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [86_400, 3600, "hour"],
  [Infinity, 86_400, "day"],
];

/** "3 minutes ago", "in 2 days"; "just now" for what is younger than two seconds. */
export function relative(text) {
  const seconds = (Date.parse(text) - serverNow()) / 1000;
  if (Math.abs(seconds) < 2) return t("just now");
  const [, size, unit] = STEPS.find(([below]) => Math.abs(seconds) < below);
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

// The order of day and month is the reader's, and the clock is the one on the glass: 04:10.
const HOURS = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const CLOCK = new Intl.DateTimeFormat(LOCALE, HOURS);
const DAY = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full" });
const DATE = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const DATE_AND_YEAR = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium" });
const FULL = { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" };

/** "04:10". */
export const clock = (text) => CLOCK.format(new Date(text));

/** "04:10" for a time of today, "27 Nov, 04:10" for another one. */
export function when(text) {
  const [then, today] = [new Date(text), new Date(serverNow())];
  if (then.toDateString() === today.toDateString()) return clock(text);
  const date = then.getFullYear() === today.getFullYear() ? DATE : DATE_AND_YEAR;
  return `${date.format(then)}, ${clock(text)}`;
}

/** Date and time, in `timeZone` or the reader's own. */
export const full = (text, timeZone) =>
  new Intl.DateTimeFormat(LOCALE, { ...FULL, timeZone }).format(new Date(text));

/** "Today", "Yesterday", or the date. */
export function day(text) {
  const then = new Date(text);
  const today = new Date(serverNow());
  if (then.toDateString() === today.toDateString()) return t("Today");
  today.setDate(today.getDate() - 1);
  if (then.toDateString() === today.toDateString()) return t("Yesterday");
  return (then.getFullYear() === today.getFullYear() ? DAY : DAY_AND_YEAR).format(then);
}

/** "5 minutes", "90 seconds". */
export function duration(seconds) {
  const [, size, unit] = STEPS.findLast(([, size]) => seconds % size === 0);
  return new Intl.NumberFormat(LOCALE, { style: "unit", unit, unitDisplay: "long" }).format(seconds / size);
}

const FORMATS = { relative, when, clock };

/** Return an element that says `text` as `format` ("relative", "when", "clock") does, and goes on to. */
export function ticking(text, format, title = "") {
  const element = document.createElement("time");
  Object.assign(element, { dateTime: text, title, textContent: FORMATS[format](text) });
  element.dataset.format = format;
  return element;
}

/** Bring all that is ticking up to date. */
export function tick() {
  for (const element of document.querySelectorAll("time[data-format]")) {
    const now = FORMATS[element.dataset.format](element.dateTime);
    if (element.textContent !== now) element.textContent = now;
  }
}
