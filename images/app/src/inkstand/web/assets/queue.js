// What comes next: the messages that wait, in the order in which they come to the glass.

import { get, post, remove } from "./api.js";
import { attempt, byId, confirmed, joined, make, toast, write, writer } from "./dom.js";
import { t } from "./language.js";
import { mayTakeBack } from "./session.js";
import { full, ticking } from "./time.js";

const PAUSE = 150; // one message that is read is two events
const PLACES = 5;
const WIDE = matchMedia("(min-width: 68.75rem)");
const list = byId("queue");
const problem = writer("queue-problem");
let timer = 0;
let asked = 0;

/** Listen to `stream`. */
export function start(stream) {
  for (const type of ["hello", "lost", "message"]) stream.addEventListener(type, soon);
  WIDE.addEventListener("change", unfold);
  unfold();
}

/** Forget everything. */
export function clear() {
  clearTimeout(timer);
  asked += 1;
  tell([], false);
}

// Under the glass there is room for it where it stands beside the form.
function unfold() {
  byId("up-next").open = WIDE.matches;
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(reload, PAUSE);
}

async function reload() {
  const mine = (asked += 1);
  try {
    const { messages, more } = await get("/queue");
    if (mine !== asked) return;
    tell(messages.filter(({ state }) => state === "waiting"), more);
    problem("");
  } catch (error) {
    if (!error.sentence) throw error;
    problem(error.sentence);
  }
}

function tell(waiting, more) {
  const focused = list.contains(document.activeElement) && document.activeElement.dataset;
  const { id, action } = { ...focused };
  list.replaceChildren(...waiting.slice(0, PLACES).map(place));
  if (id) (list.querySelector(`[data-id="${id}"][data-action="${action}"]`) ?? byId("up-next").firstElementChild).focus();
  const n = waiting.length;
  write(byId("queue-count"), more ? t("{n} or more waiting", { n }) : n ? t("{n} waiting", { n }) : t("nothing waits"));
  write(byId("queue-after"), after(waiting.length, more));
}

function after(count, more) {
  if (more || count > PLACES) return t("More follow: the history has all that wait.");
  return count ? "" : t("A message that has to wait is listed here.");
}

function place(message) {
  const text = message.text || t("A picture");
  const back = mayTakeBack(message) ? button(message, t("Take back"), takeBack) : null;
  const about = joined([make("span", {}, message.author), ticking(message.at, "when", full(message.at))], " · ");
  return make(
    "li",
    {},
    make("p", { class: "what", dir: "auto" }, text),
    make("p", { class: "soft" }, message.priority === "urgent" ? make("b", { class: "bad" }, `${t("urgent")} · `) : null, ...about),
    make("div", { class: "actions" }, button(message, t("Show now"), showNow), back),
  );
}

function button(message, label, step) {
  const about = message.text.slice(0, 40) || t("message {id}", { id: String(message.id) });
  const onclick = (event) => attempt(event.currentTarget, toast, () => step(message));
  const names = { "data-id": message.id, "data-action": label, "aria-label": t("{action}, in the queue: {text}", { action: label, text: about }) };
  return make("button", { type: "button", class: "small", ...names, onclick }, label);
}

const showNow = ({ id }) => post(`/messages/${id}/show`);

async function takeBack({ id, text }) {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  const question = text
    ? t("Take back “{text}”? It is not shown, and is gone for good.", { text: short })
    : t("Take back this picture? It is not shown, and is gone for good.");
  if (!(await confirmed(question, t("Take back")))) return;
  await remove(`/messages/${id}`);
  toast(t("Taken back."));
}
