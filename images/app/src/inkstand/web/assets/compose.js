// Write a message or choose a picture, see what it will look like, send it.

import { ask, content, get, post, Problem, randomKey } from "./api.js";
import { attempt, byId, forgive, write, writer } from "./dom.js";
import { fullRefresh } from "./glass.js";
import { t } from "./language.js";
import { pictureIn, ready } from "./pictures.js";
import * as groups from "./groups.js";
import * as later from "./later.js";
import * as preview from "./preview.js";

const DRAFT = "draft";
const AUTHOR = "draft-author";
const PLACES = [t("Next in line."), t("Second in line."), t("Third in line."), t("Fourth in line."), t("Fifth in line.")];
// Where the first screen has room for options: they are beside the preview, as in the stylesheet.
const ROOMY = matchMedia("(min-width: 48rem) and (max-width: 68.7rem), (min-width: 75.25rem)");
const CHOICES = ["align", "size"];
const FLAGS = ["bold", "monospace", "qr"];
const TOLD_FOR = 10_000;
const form = byId("compose");
const message = byId("message");
const problem = writer("compose-problem");
const outcome = writer("sent");

let picture = null;
let name = "";
let mode = "text";
// A message that was sent keeps its key, so that sending it again after a broken connection is harmless.
let pending = null;
let telling = 0;

/** Wire the form; a text that was not sent is still there after a reload. */
export function start() {
  preview.start();
  form.addEventListener("submit", submit);
  form.addEventListener("input", changed);
  form.addEventListener("keydown", sendOnEnter);
  byId("mode-text").addEventListener("click", () => choose("text"));
  byId("mode-picture").addEventListener("click", () => choose("picture"));
  byId("file").addEventListener("change", (event) => take(event.target.files[0]));
  acceptDrops();
  ROOMY.addEventListener("change", unfold);
  unfold();
  if (/Mac|iPhone|iPad/.test(navigator.platform)) byId("send-hint").textContent = t("⌘ + Enter sends");
  message.value = sessionStorage.getItem(DRAFT) ?? "";
}

/** Let `user` go on with what they had begun to write, when their session had ended before it was sent. */
export function resume(user) {
  if ((sessionStorage.getItem(AUTHOR) ?? user) !== user) clear();
  sessionStorage.setItem(AUTHOR, user);
  groups.offer();
  refresh();
}

function unfold() {
  byId("options").open = ROOMY.matches;
}

/** Put `text` and `picture`, which was shared, where somebody would have put them; either may be empty. */
export async function receive({ text, picture: file }) {
  if (file) return take(text ? new File([file], text, { type: file.type }) : file);
  if (!text) return;
  choose("text");
  message.value = [message.value.trim(), text].filter(Boolean).join("\n");
  sessionStorage.setItem(DRAFT, message.value);
}

function refresh() {
  preview.preview(draft());
}

/** Give the previews the size of the panel. */
export function setSize(width, height) {
  if (width && height) Object.assign(byId("preview"), { width, height });
}

/** Forget what was written. */
export function clear() {
  form.reset();
  picture = pending = null;
  name = "";
  sessionStorage.removeItem(DRAFT);
  byId("expires-field").hidden = true;
  later.unfold();
  forgive(form);
  nameFile();
  problem("");
  outcome("");
  preview.preview(null);
}

function draft() {
  if (mode === "text") return message.value.trim() ? { text: message.value, ...textLook() } : null;
  return picture && { picture, ...looks() };
}

const looks = () => ({ framing: form.framing.value, tone: form.tone.value });

// What is as it would be without a choice is left out.
function textLook() {
  const chosen = CHOICES.map((name) => [name, byId(name).value]).filter(([, value]) => value !== "auto");
  const flags = FLAGS.filter((name) => byId(name).checked).map((name) => [name, true]);
  return Object.fromEntries([...chosen, ...flags]);
}

function changed(event) {
  pending = null;
  byId("expires-field").hidden = byId("expires").value !== "at";
  later.unfold();
  if (event?.target === message) sessionStorage.setItem(DRAFT, message.value);
  const drawn = event?.target === message || ["framing", "tone"].includes(event?.target.name) || byId("looks").contains(event?.target);
  if (drawn) refresh();
}

function choose(next) {
  mode = next;
  pending = null;
  for (const each of ["text", "picture"]) {
    byId(`mode-${each}`).setAttribute("aria-pressed", String(each === mode));
    byId(`part-${each}`).hidden = each !== mode;
  }
  for (const id of ["looks", "texts-alone"]) byId(id).hidden = mode !== "text";
  problem("");
  refresh();
}

async function take(file) {
  if (!file) return;
  choose("picture");
  try {
    picture = await ready(file);
    name = file.name;
  } catch (error) {
    if (!error.sentence) throw error;
    picture = null;
    problem(error.sentence);
  }
  nameFile();
  refresh();
}

function nameFile() {
  byId("file-name").hidden = picture === null;
  write(byId("file-name"), picture === null ? "" : name);
}

function acceptDrops() {
  // On the whole page: what is dropped beside the form would be opened by the browser instead.
  const over = (event, on) => {
    if (!event.dataTransfer?.types.includes("Files")) return false;
    event.preventDefault();
    form.classList.toggle("dropping", on);
    return form.checkVisibility();
  };
  document.addEventListener("dragover", (event) => over(event, true));
  document.addEventListener("dragleave", (event) => over(event, event.relatedTarget !== null));
  document.addEventListener("drop", (event) => {
    if (!over(event, false)) return;
    const file = pictureIn(event.dataTransfer);
    if (file) take(file);
    else if (event.dataTransfer.files.length) problem(t("That is not a picture."));
  });
  document.addEventListener("paste", (event) => {
    const file = pictureIn(event.clipboardData);
    if (file && form.checkVisibility()) take(file);
  });
}

function sendOnEnter(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  form.requestSubmit();
}

function submit(event) {
  event.preventDefault();
  forgive(form);
  attempt(byId("send"), problem, send);
}

async function send() {
  if (draft() === null) return nothing();
  pending ??= { extra: extras(), key: randomKey() };
  const group = mode === "text" && groups.chosen();
  const sent = mode === "text" ? await sendText(pending) : await sendPicture(pending);
  clear();
  (mode === "text" ? message : byId("mode-picture")).focus();
  tellOutcome(group ? t("Sent to all of {name}.", { name: group }) : await outlook(sent));
}

function tellOutcome(sentence) {
  clearTimeout(telling);
  outcome(sentence);
  telling = setTimeout(() => outcome(""), TOLD_FOR);
}

// When it can be seen, as far as anybody knows.
async function outlook(sent) {
  const { state, priority } = sent;
  if (state === "scheduled") return later.promise(sent);
  const { messages, panel } = state === "waiting" ? await get("/status").catch(() => ({})) : {};
  if (!messages) return t("Sent.");
  if (panel.state !== "ok") return t("Sent. It is shown when the panel works again.");
  const before = messages.waiting + messages.shown - 1;
  if (before > 0 && priority !== "urgent") return `${t("Sent.")} ${place(before)}`;
  const seconds = Math.round(fullRefresh());
  return seconds ? t("Sent. On the glass in about {seconds} s.", { seconds }) : t("Sent. It comes onto the glass now.");
}

const place = (number) => PLACES[number - 1] ?? t("Number {number} in line.", { number });

function nothing() {
  problem(mode === "text" ? t("Write something first.") : t("Choose a picture first."));
  (mode === "text" ? message : byId("file")).focus();
}

const sendText = ({ extra, key }) =>
  post(groups.path(), { text: message.value, ...textLook(), ...extra }, { headers: { "Idempotency-Key": key } });

async function sendPicture({ extra, key }) {
  const query = new URLSearchParams({ ...looks(), name, ...extra });
  const headers = { "Content-Type": picture.type, "Idempotency-Key": key };
  const answer = await ask("POST", `/images?${query}`, { body: picture, headers });
  return content(answer, "json");
}

function extras() {
  const extra = { priority: byId("urgent").checked ? "urgent" : "normal" };
  const seconds = byId("show-for").value;
  if (seconds) extra.show_for = Number(seconds);
  const expires = expiry();
  if (expires) extra.expires_at = expires;
  return { ...extra, ...later.extras() };
}

function expiry() {
  const choice = byId("expires").value;
  if (choice === "at") return chosenTime();
  return choice && new Date(later.begin() + Number(choice) * 1000).toISOString();
}

function chosenTime() {
  const chosen = new Date(byId("expires-at").value);
  if (chosen > later.begin()) return chosen.toISOString();
  throw new Problem(t("Choose a later time, or let it never expire."), byId("expires-at"));
}
