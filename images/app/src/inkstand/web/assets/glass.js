// The panel: what is on the glass, how old it is, and what it is doing.

import { ask, post, put } from "./api.js";
import { attempt, byId, toast, write } from "./dom.js";
import { LOCALE, t } from "./language.js";
import { keepWhole } from "./scale.js";
import { relative, when } from "./time.js";

const GESTURES = {
  short: t("The button was pressed."),
  long: t("The button was held down."),
  double: t("The button was pressed twice."),
};

const REFRESHING = { full: t("Refreshing … (full)"), partial: t("Refreshing … (partial)") };
const REFRESHES = { full: t("full refresh"), partial: t("partial refresh") };
const SECONDS = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

let panel = null;
let screen = null;
let live = false;
let picture = "";
let lastFull = 0;

/** Listen to `stream`, and to the buttons below the panel. */
export function start(stream) {
  stream.addEventListener("hello", ({ detail }) => greet(detail));
  stream.addEventListener("frame", ({ detail }) => newFrame(detail));
  stream.addEventListener("refreshing", ({ detail }) => change({ refreshing: detail }));
  stream.addEventListener("panel", ({ detail }) => upOrDown(detail));
  stream.addEventListener("screen", ({ detail }) => showScreen(detail));
  stream.addEventListener("button", ({ detail }) => pressed(detail));
  stream.addEventListener("message", ({ detail }) => renew(detail.message));
  stream.addEventListener("state", ({ detail }) => setLive(detail === "live"));
  wire("mark-read", () => post(`/messages/${screen.message.id}/acknowledge`));
  wire("to-status", () => put("/screen", { screen: peeking() ? "clock" : "status" }));
  wire("knob", () => ask("POST", "/button", { json: { gesture: "short" } }));
  keepWhole(byId("glass"), byId("case"), byId("well"));
  setInterval(tell, 1000);
}

/** Forget everything, for whoever logs in next. */
export function clear() {
  panel = screen = null;
  URL.revokeObjectURL(picture);
  picture = "";
  byId("glass").removeAttribute("src");
  delete byId("glass").dataset.etag;
  tell();
}

/** Return how many seconds a full refresh of this panel takes, 0 when none was seen yet. */
export const fullRefresh = () => lastFull;

function wire(id, action) {
  const button = byId(id);
  button.addEventListener("click", () => attempt(button, toast, action));
}

function greet(hello) {
  panel = hello.panel;
  screen = hello.screen;
  if (hello.png) draw(hello.png, panel.frame);
  measure(panel.frame);
  tell();
}

function newFrame(frame) {
  draw(frame.png, frame);
  measure(frame);
  change({ frame, refreshing: null, width: frame.width, height: frame.height });
}

function measure(frame) {
  if (frame?.refresh === "full") lastFull = frame.seconds;
}

function change(news) {
  panel = { ...panel, ...news };
  tell();
}

function upOrDown({ reason }) {
  const state = reason === null ? "ok" : "unavailable";
  change({ reason, state, ...(reason === null ? {} : { refreshing: null }) });
}

function showScreen(shown) {
  screen = shown;
  tell();
}

function renew(message) {
  if (screen?.message?.id === message.id) showScreen({ ...screen, message });
}

function setLive(now) {
  live = now;
  tell();
}

function pressed({ gesture }) {
  const knob = byId("knob");
  knob.classList.remove("pressed");
  void knob.offsetWidth; // restarts the animation
  knob.classList.add("pressed");
  toast(GESTURES[gesture] ?? t("The button was used."));
}

function draw(png, frame) {
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
  const before = picture;
  picture = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  const glass = byId("glass");
  glass.src = picture;
  glass.dataset.etag = frame?.etag ?? "";
  if (frame?.width) Object.assign(glass, { width: frame.width, height: frame.height });
  URL.revokeObjectURL(before);
}

function tell() {
  const busy = live && panel?.refreshing;
  const down = panel?.state === "unavailable";
  byId("well").dataset.state = state(busy, down);
  byId("refreshing").hidden = !busy;
  write(byId("refreshing"), busy ? REFRESHING[panel.refreshing.refresh] : "");
  byId("panel-down").hidden = !down;
  write(byId("panel-down"), down ? t("Out of order: {reason}", { reason: panel.reason }) : "");
  write(byId("now"), whatIsShown());
  write(byId("age"), howOld());
  describe();
  allow();
}

function state(busy, down) {
  if (!picture) return "empty";
  if (down) return "down";
  return busy ? "busy" : "still";
}

function whatIsShown() {
  if (!screen) return t("Waiting for the panel …");
  if (screen.screen === "clock") return t("The clock") + quiet();
  if (screen.screen === "pack") return t("The screen {name}", { name: screen.name }) + quiet();
  if (screen.screen === "status") return t("The status screen");
  const { message } = screen;
  if (!message) return screen.screen === "picture" ? t("A picture") : t("A message");
  const values = { author: message.author, time: when(message.at) };
  const told = message.picture ? t("A picture from {author}, {time}", values) : t("A message from {author}, {time}", values);
  return told + paging();
}

function paging() {
  return screen.pages > 1 ? ` · ${t("page {page} of {pages}", screen)}` : "";
}

function quiet() {
  return screen.quiet_until ? ` · ${t("quiet until {time}", { time: when(screen.quiet_until) })}` : "";
}

function howOld() {
  const frame = panel?.frame;
  if (!frame) return panel ? t("Nothing was read from the panel yet.") : "";
  const parts = [`${panel.state === "ok" ? t("Drawn") : t("Last drawn")} ${relative(frame.at)}`];
  if (frame.refresh) parts.push(REFRESHES[frame.refresh]);
  if (frame.seconds >= 0.1) parts.push(t("took {seconds} s", { seconds: SECONDS.format(frame.seconds) }));
  return parts.join(" · ");
}

function describe() {
  const text = screen?.message?.text;
  const what = whatIsShown();
  byId("glass").alt = [t("On the e-paper panel: {what}", { what }), text].filter(Boolean).join(": ");
}

const peeking = () => screen?.screen === "status";

function allow() {
  byId("mark-read").hidden = !screen?.message;
  // Before it is on the glass nobody can have read it.
  byId("mark-read").disabled = !live || screen?.message?.state !== "shown";
  write(byId("to-status"), peeking() ? t("Leave the status screen") : t("Status screen"));
  byId("to-status").disabled = !live || !screen;
  byId("knob").disabled = !live;
}
