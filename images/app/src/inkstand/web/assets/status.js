// How the appliance is: panel, button, time, storage, certificate, last errors; and how others are.

import { get } from "./api.js";
import { byId, make, writer } from "./dom.js";
import { t } from "./language.js";
import { full, ticking } from "./time.js";

const EVERY = 30_000;
const STATES = {
  scheduled: t("scheduled"),
  waiting: t("waiting"),
  shown: t("shown"),
  read: t("read"),
  expired: t("expired"),
  deleted: t("deleted"),
};
const SHOWN = { clock: t("The clock"), status: t("The status screen"), picture: t("A picture") };
const problem = writer("status-problem");
let timer = 0;

/** Show it, and keep it fresh until `hide`. */
export async function show() {
  clearTimeout(timer);
  try {
    draw(...(await Promise.all([get("/status"), get("/neighbours")])));
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

function draw(status, { neighbours }) {
  const groups = [hardware(status), time(status), messages(status), refreshes(status), software(status)];
  if (status.screens.length) groups.push(screens(status));
  if (status.webhooks.length) groups.push(webhooks(status));
  if (neighbours.length) groups.push(group(t("Other appliances"), ...neighbours.map(neighbour)));
  byId("status").replaceChildren(...groups, errors(status.errors));
}

function hardware({ panel, button, storage }) {
  const size = panel.width ? t("{width} × {height} pixels", { width: String(panel.width), height: String(panel.height) }) : t("size not known yet");
  return group(
    t("Hardware"),
    health(t("Panel"), panel.state === "ok" ? "ok" : panel.reason, size),
    health(t("Button"), button.state),
    health(t("Storage"), storage.state),
  );
}

function time({ time: { now, timezone, synchronised } }) {
  return group(
    t("Time"),
    fact(t("On the panel"), full(now, timezone)),
    fact(t("Time zone"), timezone),
    health(t("Synchronised"), synchronised ? "ok" : t("not yet: the clock shows --:-- until it is")),
  );
}

function messages({ messages: counts }) {
  return group(t("Messages"), ...Object.entries(counts ?? {}).map(([state, count]) => fact(STATES[state] ?? state, count)));
}

function refreshes({ panel }) {
  const { full: whole, partial, skipped } = panel.refreshes;
  const frame = panel.frame;
  return group(
    t("Refreshes"),
    fact(t("full"), whole ?? 0),
    fact(t("partial"), partial ?? 0),
    fact(t("skipped, nothing had changed"), skipped ?? 0),
    fact(t("last"), frame ? ticking(frame.at, "relative", full(frame.at)) : t("none yet")),
  );
}

function screens({ screens: list }) {
  return group(t("Screens"), ...list.map(({ name, state, fetched_at }) => health(name, state, fetched_at && t("data of {time}", { time: full(fetched_at) }))));
}

function webhooks({ webhooks: list }) {
  return group(t("Webhooks"), ...list.map(({ name, state }) => health(name, state)));
}

function neighbour({ name, online, screen, message, waiting, panel, button }) {
  if (!online) return fact(name, t("away"));
  const broken = [panel, button].filter((state) => state && state !== "ok");
  if (broken.length) return health(name, broken.join("; "));
  const shown = message ? make("bdi", {}, `“${message}”`) : SHOWN[screen] ?? screen ?? "";
  return fact(name, shown, waiting ? `, ${t("{count} waiting", { count: waiting })}` : "");
}

function software({ version, started_at, url, certificate_expires_at, authority_fingerprint, updates }) {
  const authority = [
    make("a", { href: "/ca.pem", download: "ca.pem" }, "ca.pem"),
    ` SHA-256 ${authority_fingerprint}`,
  ];
  return group(
    "Inkstand",
    fact(t("Version"), version),
    fact(t("Running since"), full(started_at)),
    fact(t("Address"), url || location.origin),
    fact(t("Certificate"), certificate_expires_at ? t("until {time}", { time: full(certificate_expires_at) }) : t("not watched")),
    ...(updates ? [health(t("Debian's packages"), ...packages(updates))] : []),
    ...(authority_fingerprint ? [fact(t("Own authority, to trust"), ...authority)] : []),
  );
}

function packages({ looked_at, packages: names, security }) {
  if (!names.length) return ["ok", t("as of {time}", { time: full(looked_at) })];
  const counts = { number: String(names.length), security: String(security) };
  return [t("{number} are older than Debian's, {security} for security: build the images anew", counts)];
}

function errors(list) {
  if (!list.length) return group(t("Last errors"), fact(t("None"), t("since the start")));
  const rows = group(t("Last errors"), ...list.map(({ at, what }) => fact(full(at), what)));
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
