// Messages that come later: when, in the form; and which, in a list above the history.

import { get, post, Problem, remove } from "./api.js";
import { attempt, byId, confirmed, make, toast, writer } from "./dom.js";
import { t } from "./language.js";
import { mayTakeBack } from "./session.js";
import { full, serverNow, ticking, when } from "./time.js";

const WORDS = {
  daily: t("every day"),
  weekdays: t("on weekdays"),
  weekly: t("every week"),
  monthly: t("every month"),
  yearly: t("every year"),
};
const list = byId("scheduled-list");
const problem = writer("scheduled-problem");
// Counts loads, so that an older answer is not shown over a newer one.
let load = 0;

/** Keep the list up to date by what `stream` tells. */
export function start(stream) {
  stream.addEventListener("hello", reload);
  stream.addEventListener("lost", reload);
  stream.addEventListener("message", ({ detail }) => {
    if ([detail.message.state, detail.previous].includes("scheduled")) reload();
  });
}

/** Forget everything. */
export function clear() {
  load += 1;
  fill([]);
}

const isLater = () => byId("comes").value === "at";

/** Ask for the time and the rule once somebody wants to choose them. */
export const unfold = () => (byId("later-part").hidden = !isLater());

/** Return when the message is to come, in milliseconds since 1970; now if it comes at once. */
export function begin() {
  if (!isLater()) return serverNow();
  const chosen = new Date(byId("show-at").value);
  if (chosen > serverNow()) return chosen.getTime();
  byId("options").open = true;
  throw new Problem(t("Choose a time in the future."), byId("show-at"));
}

/** Return what the API takes of it. */
export function extras() {
  if (!isLater()) return {};
  const repeat = byId("repeat").value;
  return { show_at: new Date(begin()).toISOString(), ...(repeat && { repeat }) };
}

/** Say when a message that was sent comes. */
export const promise = ({ upcoming }) => t("Sent. It comes {time}.", { time: when(upcoming[0]) });

async function reload() {
  const mine = (load += 1);
  try {
    const { messages } = await get("/messages/scheduled");
    if (mine !== load) return;
    fill(messages);
    problem("");
  } catch (error) {
    if (!error.sentence) throw error;
    problem(error.sentence);
  }
}

function fill(messages) {
  const focused = list.contains(document.activeElement);
  byId("scheduled").hidden = messages.length === 0;
  list.replaceChildren(...messages.map(item));
  if (focused) (list.querySelector("button") ?? byId("message")).focus();
}

function item(message) {
  const { text, repeat, upcoming } = message;
  const about = text.slice(0, 40) || t("message {id}", { id: String(message.id) });
  const button = (label, step) =>
    make("button", { type: "button", class: "small", "aria-label": `${label}: ${about}`, onclick: step }, label);
  const skip = (event) => attempt(event.currentTarget, toast, () => post(`/messages/${message.id}/skip`, { at: upcoming[0] }));
  const end = (event) => attempt(event.currentTarget, toast, () => askToEnd(message, about));
  const facts = [message.author, repeat && (WORDS[repeat] ?? repeat)].filter(Boolean);
  return make(
    "li",
    { class: "message" },
    make("p", { class: "head" }, ticking(upcoming[0], "when", full(upcoming[0])), ...facts.map((fact) => make("span", {}, fact))),
    make("p", { class: "text", dir: "auto" }, message.picture ? `[${t("Picture")}] ${text}` : text),
    make("p", { class: "soft foot" }, repeat && upcoming.length > 1 ? t("then {times}", { times: upcoming.slice(1, 3).map(when).join("; ") }) : ""),
    mayTakeBack(message) ? make("div", { class: "actions" }, repeat ? button(t("Skip"), skip) : null, button(repeat ? t("End") : t("Take back"), end)) : null,
  );
}

async function askToEnd({ id, repeat }, about) {
  const what = repeat ? t("End “{text}”? It does not come again.", { text: about }) : t("Take back “{text}” before it comes?", { text: about });
  if (await confirmed(what, repeat ? t("End it") : t("Take it back"))) await remove(`/messages/${id}`);
}
