// The page: who is logged in, which part is shown, and whether the server is there.

import { session as sessionEvents, UNREACHABLE } from "./api.js";
import { byId, write } from "./dom.js";
import { t } from "./language.js";
import { clock, setServerTime, tick } from "./time.js";
import { EventStream } from "./stream.js";
import * as compose from "./compose.js";
import * as glass from "./glass.js";
import * as history from "./history.js";
import * as later from "./later.js";
import * as preview from "./preview.js";
import * as queue from "./queue.js";
import * as session from "./session.js";
import * as share from "./share.js";
import * as status from "./status.js";
import * as tokens from "./tokens.js";

const VIEWS = ["home", "tokens", "status"];
const HIDDEN_FOR = 300_000;
const ASK_AGAIN = 3000;
const TITLES = { tokens: t("Tokens"), status: t("Status") };
const WORDS = { connecting: t("Connecting …"), live: t("Live"), offline: t("Offline") };

const stream = new EventStream();
const title = document.title;
let inside = false;
let wasLive = false;
let sleeping = 0;
let asking = 0;
let today = new Date().toDateString();

glass.start(stream);
history.start(stream);
queue.start(stream);
later.start(stream);
compose.start();
tokens.start();
session.start(arrive, logOut);
const given = share.shared();
if (given) {
  compose.receive(given);
  share.tell(given);
}

stream.addEventListener("hello", ({ detail }) => {
  setServerTime(detail.time);
  compose.setSize(detail.panel.width, detail.panel.height);
});
stream.addEventListener("frame", ({ detail }) => compose.setSize(detail.width, detail.height));
stream.addEventListener("state", ({ detail }) => tellConnection(detail));
stream.addEventListener("unauthorized", ended);
for (const type of ["panel", "line"]) stream.addEventListener(type, refreshStatus);
sessionEvents.addEventListener("unauthorized", ended);

byId("retry").addEventListener("click", () => (inside ? stream.restart() : begin()));
addEventListener("online", () => (inside ? stream.restart() : begin()));
addEventListener("offline", () => stream.lost());
addEventListener("hashchange", () => showView(true));
addEventListener("pageshow", (event) => event.persisted && begin());
document.addEventListener("visibilitychange", restWhenHidden);
setInterval(passTime, 1000);
begin();

async function begin() {
  clearTimeout(asking);
  try {
    const user = await session.whoIsThere();
    byId("offline").hidden = true;
    if (user) enter(user);
    else leave("");
  } catch {
    tellOffline(t("The server cannot be reached."));
    asking = setTimeout(begin, ASK_AGAIN);
  }
}

function arrive(user) {
  enter(user);
  if (view() !== "home") focusView(view());
  else if (matchMedia("(pointer: fine)").matches) byId("message").focus();
  else focusView("home"); // no keyboard over the panel on a phone
}

function enter(user) {
  inside = true;
  byId("view-login").hidden = true;
  for (const id of ["nav", "logout", "connection"]) byId(id).hidden = false;
  stream.start();
  showView(false);
  compose.resume(user);
}

function logOut(sentence) {
  compose.clear();
  leave(sentence);
}

// What was being written stays: whoever it was may log in again and go on.
function leave(sentence) {
  inside = false;
  stream.stop();
  status.hide();
  for (const part of [glass, history, queue, later, tokens]) part.clear();
  for (const id of ["nav", "logout", "connection", "offline"]) byId(id).hidden = true;
  for (const name of VIEWS) byId(`view-${name}`).hidden = true;
  byId("view-login").hidden = false;
  retitle();
  write(byId("login-problem"), sentence);
  byId("username").focus();
}

function ended() {
  if (inside) leave(t("You were logged out. Log in again."));
}

function view() {
  const name = location.hash.replace(/^#\//, "");
  return VIEWS.includes(name) ? name : "home";
}

function showView(chosen) {
  if (!inside) return;
  const now = view();
  for (const name of VIEWS) byId(`view-${name}`).hidden = name !== now;
  for (const link of byId("nav").children) {
    if (link.dataset.view === now) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  retitle();
  status.hide();
  if (now === "tokens") tokens.show();
  if (now === "status") status.show();
  if (chosen) focusView(now);
}

function focusView(name) {
  (name === "home" ? byId("main") : byId(`${name}-title`)).focus({ preventScroll: true });
  scrollTo(0, 0);
}

function refreshStatus() {
  if (inside && view() === "status") status.show();
}

function tellConnection(state) {
  byId("connection").dataset.state = state;
  write(byId("connection"), WORDS[state] ?? "");
  document.body.dataset.connection = state;
  if (state === "live") {
    byId("offline").hidden = true;
    retitle();
    forgetUnreachable();
    if (wasLive) cameBack();
    wasLive = true;
  }
  if (state === "offline") {
    tellOffline(wasLive ? t("This is how it was at {time}.", { time: clock(new Date()) }) : t("The server cannot be reached."));
  }
}

function cameBack() {
  preview.again();
  if (view() === "tokens") tokens.show();
  refreshStatus();
}

function tellOffline(consequence) {
  write(byId("offline-text"), t("Offline. {consequence} Trying again by itself …", { consequence }));
  byId("offline").hidden = false;
  retitle();
}

function retitle() {
  const where = inside ? TITLES[view()] : t("Log in");
  const parts = [byId("offline").hidden ? "" : t("Offline"), where, title];
  document.title = parts.filter(Boolean).join(" · ");
}

// What could not be done because nobody was there can be done again.
function forgetUnreachable() {
  for (const problem of document.querySelectorAll(".problem")) {
    if (problem.textContent === UNREACHABLE) write(problem, "");
  }
}

function passTime() {
  tick();
  const now = new Date().toDateString();
  if (now !== today) history.tell();
  today = now;
}

// A page that nobody sees needs no connection; it goes on where it was when it is seen again.
function restWhenHidden() {
  clearTimeout(sleeping);
  if (document.hidden) sleeping = setTimeout(() => stream.pause(), HIDDEN_FOR);
  else stream.wake();
}
