// The history: newest first, kept up to date by events, read in pages.

import { get, post, remove } from "./api.js";
import { attempt, byId, confirmed, joined, make, toast, write, writer } from "./dom.js";
import { plural, t } from "./language.js";
import { mayTakeBack } from "./session.js";
import { day, duration, full, ticking } from "./time.js";

const PAGE = 20;
const PAUSE = 250;
const OPEN = ["waiting", "shown"];
const ALL = "waiting,shown,read,expired";
const LABELS = {
  waiting: t("waiting"),
  shown: t("on the glass"),
  read: t("read"),
  expired: t("expired"),
  deleted: t("deleted"),
};

const list = byId("messages");
const problem = writer("history-problem");
const items = new Map();
// What events said while an answer was under way: they are newer than it, or soon corrected.
const underWay = new Set();
const cutting = new ResizeObserver((entries) => requestAnimationFrame(() => entries.forEach(isCut)));
// The ids that are selected, null while nobody selects.
let selected = null;
let typing = 0;
let next = null;
// Counts loads, so that the answer to an older question is not shown over a newer one.
let load = 0;

/** Listen to `stream`, and to the filter and the paging. */
export function start(stream) {
  stream.addEventListener("hello", reload);
  stream.addEventListener("lost", reload);
  stream.addEventListener("message", ({ detail }) => hear(detail.message));
  byId("filter").addEventListener("change", reload);
  byId("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(reload, PAUSE);
  });
  byId("select").addEventListener("click", () => select(selected ? null : new Set()));
  byId("select-all").addEventListener("click", () => select(new Set(deletable())));
  byId("delete-selected").addEventListener("click", (event) => attempt(event.currentTarget, toast, deleteSelected));
  byId("older").addEventListener("click", (event) =>
    attempt(event.currentTarget, problem, showOlder),
  );
}

/** Forget everything. */
export function clear() {
  load += 1;
  items.clear();
  list.replaceChildren();
  byId("search").value = "";
  select(null);
  next = null;
  tell();
}

const states = () => byId("filter").value || ALL;
const words = () => byId("search").value.trim();

function wanted({ state, text, author }) {
  const [sought, found] = [words(), `${text}\n${author}`].map((each) => each.toLowerCase());
  return states().split(",").includes(state) && found.includes(sought);
}

async function reload() {
  const mine = (load += 1);
  try {
    const page = await fetchPage();
    if (mine !== load) return;
    const fresh = new Set([...page.heard, ...page.messages.map((message) => message.id)]);
    for (const id of [...items.keys()]) if (!fresh.has(id)) drop(id);
    next = page.next;
    page.messages.forEach(put);
    problem("");
    tell();
  } catch (error) {
    if (!error.sentence) throw error;
    problem(error.sentence);
  }
}

async function showOlder() {
  const mine = load;
  const page = await fetchPage(next);
  if (mine !== load) return;
  const first = page.messages[0];
  next = page.next;
  page.messages.forEach(put);
  tell();
  if (first) items.get(first.id)?.element.focus();
}

async function fetchPage(before = null) {
  const query = new URLSearchParams({ limit: PAGE, state: states() });
  if (before !== null) query.set("before", before);
  if (words()) query.set("q", words());
  const heard = new Map();
  underWay.add(heard);
  try {
    const page = await get(`/messages?${query}`);
    const messages = page.messages.map((message) => heard.get(message.id) ?? message);
    return { messages, next: page.next, heard: heard.keys() };
  } finally {
    underWay.delete(heard);
  }
}

function hear(message) {
  for (const heard of underWay) heard.set(message.id, message);
  put(message);
}

function put(message) {
  if (!wanted(message)) return drop(message.id);
  const known = items.get(message.id);
  // What is older than the last page shown comes with its own page.
  if (!known && next !== null && message.id < next) return;
  const text = JSON.stringify(message);
  if (known?.text === text) return;
  const element = known?.element ?? insert(message.id);
  items.set(message.id, { element, text, at: message.at, deletable: isDeletable(message) });
  fill(element, message);
  tell();
}

function insert(id) {
  const element = make("li", { class: "message", tabindex: "-1" });
  element.dataset.id = id;
  const after = Array.from(list.children).find((other) => Number(other.dataset.id) < id);
  list.insertBefore(element, after ?? null);
  return element;
}

function drop(id) {
  const known = items.get(id);
  if (!known) return;
  const focused = known.element.contains(document.activeElement);
  const neighbour = known.element.nextElementSibling ?? known.element.previousElementSibling;
  known.element.remove();
  items.delete(id);
  selected?.delete(id);
  if (focused) (neighbour ?? byId("filter")).focus();
  tellSelected();
  tell();
}

function fill(element, message) {
  const action = element.contains(document.activeElement) && document.activeElement.dataset.action;
  const whole = element.querySelector(".whole") !== null;
  element.dataset.state = message.state;
  element.dataset.priority = message.priority;
  element.replaceChildren(tick(message), head(message), ...body(message), actions(message));
  if (whole) element.querySelector(".more")?.click();
  if (action) (element.querySelector(`[data-action="${action}"]`) ?? element).focus();
}

function head(message) {
  return make(
    "p",
    { class: "head" },
    ticking(message.at, "clock", full(message.at)),
    make("span", {}, message.author),
    message.priority === "urgent" ? make("span", { class: "tag urgent" }, t("urgent")) : null,
    make("span", { class: `tag state ${message.state}` }, LABELS[message.state] ?? message.state),
    ...facts(message),
  );
}

function body(message) {
  if (message.state === "deleted") return [make("p", { class: "soft" }, t("Text and picture are gone."))];
  const text = message.text ? textOf(message) : [];
  if (!message.picture) return text;
  const alt = [t("Picture"), message.text].filter(Boolean).join(": ");
  const [width, height] = ["width", "height"].map((side) => byId("glass").getAttribute(side));
  const shown = make("img", { src: message.picture, alt, width, height, loading: "lazy", class: "thumb" });
  return [make("div", { class: "glass thumb-glass" }, shown), ...text];
}

function textOf({ text }) {
  const element = make("p", { class: "text", dir: "auto" }, text);
  cutting.observe(element);
  return [element, more(element)];
}

// A long text is cut to some lines; who wants all of it asks for it.
function more(text) {
  const onclick = ({ currentTarget }) => {
    const open = text.classList.toggle("whole");
    currentTarget.hidden = false;
    currentTarget.setAttribute("aria-expanded", String(open));
    write(currentTarget, open ? t("Less") : t("All of it"));
  };
  const attributes = { type: "button", class: "small quiet more", "data-action": "more", "aria-expanded": "false" };
  // Shown once it is known that there is more.
  return make("button", { ...attributes, hidden: true, onclick }, t("All of it"));
}

function isCut({ target }) {
  if (target.isConnected && !target.classList.contains("whole")) target.nextElementSibling.hidden = target.scrollHeight <= target.clientHeight + 1;
}

function facts(message) {
  const facts = [];
  if (message.shown_at) facts.push(at(t("shown"), message.shown_at));
  if (message.state === "read") facts.push(at(t("read"), message.ended_at));
  if (message.state === "expired") facts.push(at(t("over at"), message.ended_at));
  if (OPEN.includes(message.state)) facts.push(...plans(message));
  return facts.map((fact) => make("span", { class: "fact" }, fact));
}

const at = (word, time) => make("span", {}, `${word} `, ticking(time, "when", full(time)));

function plans(message) {
  const plans = [];
  if (message.show_for) plans.push(t("for {duration}", { duration: duration(message.show_for) }));
  if (message.expires_at) plans.push(make("span", {}, `${t("expires")} `, ticking(message.expires_at, "relative", full(message.expires_at))));
  return plans;
}

function actions(message) {
  const row = make("div", { class: "actions" });
  if (message.state === "deleted") return row;
  const about = message.text.slice(0, 40) || t("message {id}", { id: String(message.id) });
  const add = (name, label, step) => {
    const click = (event) => attempt(event.currentTarget, toast, () => step(message));
    const attributes = { type: "button", class: "small", "data-action": name, onclick: click };
    row.append(make("button", { ...attributes, "aria-label": `${label}: ${about}` }, label));
  };
  if (message.state === "shown") add("read", t("Mark as read"), markRead);
  else add("show", message.state === "waiting" ? t("Show now") : t("Show again"), showAgain);
  if (isDeletable(message)) add("delete", t("Delete"), askToDelete);
  return row;
}

// What comes of it is told by events, which may be here before the answer.
const showAgain = ({ id }) => post(`/messages/${id}/show`);
const markRead = ({ id }) => post(`/messages/${id}/acknowledge`);

async function askToDelete({ id, text }) {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  const question = text ? t("Delete “{text}” for good?", { text: short }) : t("Delete this message for good?");
  if (!(await confirmed(question, t("Delete")))) return;
  await remove(`/messages/${id}`);
  if (states() !== "deleted") drop(id);
  toast(t("Deleted."));
}

function tick(message) {
  const { id, text } = message;
  if (!isDeletable(message)) return make("span", { class: "tick" });
  const about = text.slice(0, 40) || t("message {id}", { id: String(id) });
  const onchange = ({ currentTarget }) => {
    if (currentTarget.checked) selected?.add(id);
    else selected?.delete(id);
    tellSelected();
  };
  const checked = selected?.has(id) ?? false;
  return make("input", { type: "checkbox", class: "tick", "data-action": "tick", "aria-label": `${t("Select")}: ${about}`, checked, onchange });
}

const isDeletable = (message) => message.state !== "deleted" && mayTakeBack(message);
const deletable = () => Array.from(items.keys()).filter((id) => items.get(id).deletable);

/** Let people select, beginning with the set `ids`, or end that with null. */
function select(ids) {
  selected = ids;
  list.toggleAttribute("data-selecting", selected !== null);
  byId("selection").hidden = selected === null;
  byId("select").setAttribute("aria-pressed", String(selected !== null));
  write(byId("select"), selected ? t("Done") : t("Select"));
  for (const [id, { element }] of items) {
    const box = element.querySelector("input.tick");
    if (box) box.checked = selected?.has(id) ?? false;
  }
  tellSelected();
}

function tellSelected() {
  const count = selected?.size ?? 0;
  write(byId("selected"), count ? plural(count, "{n} selected", "{n} selected") : t("Select what to delete."));
  byId("delete-selected").disabled = count === 0;
}

async function deleteSelected() {
  const ids = Array.from(selected);
  const question = plural(ids.length, "Delete this message for good?", "Delete these {n} messages for good?");
  if (!(await confirmed(question, t("Delete")))) return;
  let gone = 0;
  try {
    for (const id of ids) {
      await remove(`/messages/${id}`).catch(forgotten);
      gone += 1;
      if (states() !== "deleted") drop(id);
    }
  } finally {
    if (gone === ids.length) select(null);
    tellSelected();
  }
  byId("select").focus();
  toast(plural(gone, "Deleted.", "{n} deleted."));
}

// What is not there any more needs no deleting.
function forgotten(error) {
  if (error.status !== 404) throw error;
}

/** Say which messages are of which day. */
export function tell() {
  byId("history-empty").hidden = items.size > 0;
  write(byId("history-empty"), words() ? t("Nothing with these words.") : byId("filter").value ? t("None of this kind.") : t("Nothing yet. What you send appears here."));
  byId("older").hidden = next === null;
  let before = "";
  for (const element of list.children) {
    const name = day(items.get(Number(element.dataset.id))?.at ?? 0);
    if (name === before) delete element.dataset.day;
    else element.dataset.day = name;
    before = name;
  }
}
