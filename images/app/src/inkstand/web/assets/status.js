// How the appliance is: panel, button, time, storage, certificate, last errors.

import { get } from "./api.js";
import { byId, make, writer } from "./dom.js";
import { full, ticking } from "./time.js";

const EVERY = 30_000;
const problem = writer("status-problem");
let timer = 0;

/** Show it, and keep it fresh until `hide`. */
export async function show() {
  clearTimeout(timer);
  try {
    draw(await get("/status"));
    problem("");
  } catch (error) {
    if (!error.sentence) throw error;
    problem(error.sentence);
  }
  clearTimeout(timer);
  timer = setTimeout(show, EVERY);
}

/** Stop asking. */
export function hide() {
  clearTimeout(timer);
}

function draw(status) {
  const groups = [hardware(status), time(status), messages(status), refreshes(status), software(status)];
  if (status.screens.length) groups.push(screens(status));
  byId("status").replaceChildren(...groups, errors(status.errors));
}

function hardware({ panel, button, storage }) {
  const size = panel.width ? `${panel.width} × ${panel.height} pixels` : "size not known yet";
  return group(
    "Hardware",
    health("Panel", panel.state === "ok" ? "ok" : panel.reason, size),
    health("Button", button.state),
    health("Storage", storage.state),
  );
}

function time({ time: { now, timezone, synchronised } }) {
  return group(
    "Time",
    fact("On the panel", full(now, timezone)),
    fact("Time zone", timezone),
    health("Synchronised", synchronised ? "ok" : "not yet: the clock shows --:-- until it is"),
  );
}

function messages({ messages: counts }) {
  return group("Messages", ...Object.entries(counts ?? {}).map(([state, count]) => fact(state, count)));
}

function refreshes({ panel }) {
  const { full: whole, partial, skipped } = panel.refreshes;
  const frame = panel.frame;
  return group(
    "Refreshes",
    fact("full", whole ?? 0),
    fact("partial", partial ?? 0),
    fact("skipped, nothing had changed", skipped ?? 0),
    fact("last", frame ? ticking(frame.at, "relative", full(frame.at)) : "none yet"),
  );
}

function screens({ screens: list }) {
  return group("Screens", ...list.map(({ name, state, fetched_at }) => health(name, state, fetched_at && `data of ${full(fetched_at)}`)));
}

function software({ version, started_at, url, certificate_expires_at, authority_fingerprint }) {
  const authority = [
    make("a", { href: "/ca.pem", download: "ca.pem" }, "ca.pem"),
    ` SHA-256 ${authority_fingerprint}`,
  ];
  return group(
    "Inkstand",
    fact("Version", version),
    fact("Running since", full(started_at)),
    fact("Address", url || location.origin),
    fact("Certificate", certificate_expires_at ? `until ${full(certificate_expires_at)}` : "not watched"),
    ...(authority_fingerprint ? [fact("Own authority, to trust", ...authority)] : []),
  );
}

function errors(list) {
  if (!list.length) return group("Last errors", fact("None", "since the start"));
  const rows = group("Last errors", ...list.map(({ at, what }) => fact(full(at), what)));
  rows.classList.add("log");
  return rows;
}

function group(title, ...rows) {
  return make("section", { class: "card" }, make("h3", {}, title), make("dl", {}, ...rows));
}

function fact(name, ...value) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, ...value));
}

function health(name, state, more = "") {
  const good = state === "ok";
  const text = good ? ["ok", more].filter(Boolean).join(", ") : String(state);
  return make(
    "div",
    {},
    make("dt", {}, name),
    make("dd", { class: good ? "good" : "bad" }, text),
  );
}
