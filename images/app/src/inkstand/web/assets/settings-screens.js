// Screens: those that are chosen, and a form that a pack's settings make, with a live preview.

import { ask, content } from "./api.js";
import { attempt, byId, complain, confirmed, forgive, make, write, writer } from "./dom.js";
import { t } from "./language.js";
import { keepWhole } from "./scale.js";

const KEPT = "(kept secret)";
const PAUSE = 400;
const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const problem = writer("screens-problem");
const formProblem = writer("screen-problem");

let packs = new Map();
let chosen = [];
let playlist = null;
let editing = null;
let save = null;
let timer = 0;
let asked = null;
let shown = "";

/** Wire list and form for packs that are known; `change` changes settings. */
export function start(known, change) {
  know(known);
  save = change;
  byId("screen-add").addEventListener("click", () => open(null));
  byId("screen-cancel").addEventListener("click", close);
  byId("screen-pack").addEventListener("change", () => fill(null));
  byId("screen-form").addEventListener("input", preview);
  byId("screen-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(event.submitter ?? event.currentTarget, place, submit);
  });
  byId("sample").addEventListener("load", () => {
    const { naturalWidth, naturalHeight } = byId("sample");
    byId("sample").setAttribute("width", naturalWidth);
    byId("sample").setAttribute("height", naturalHeight);
  });
  keepWhole(byId("sample"), byId("sample-room"), byId("sample-frame"));
}

/** Offer these packs from now on; what is being filled in for one that is there still stays. */
export function know(known) {
  packs = new Map(known.map((pack) => [pack.name, pack]));
  const before = byId("screen-pack").value;
  byId("screen-pack").replaceChildren(...known.map(({ name, own }) => make("option", { value: name }, own ? t("{name} (your own)", { name }) : name)));
  if (packs.has(before)) byId("screen-pack").value = before;
  else if (!byId("screen-form").hidden) close();
}

/** Show settings, by name. */
export function show(known) {
  chosen = known.screens.value;
  playlist = known.playlist;
  byId("screen-add").hidden = known.screens.provisioned;
  byId("screens").replaceChildren(...chosen.map((screen) => item(screen, known.screens.provisioned)));
  byId("screens-none").hidden = chosen.length > 0;
}

function item(screen, provisioned) {
  const about = packs.get(screen.pack)?.about || screen.pack;
  const example = screen.example ? ` · ${t("example only")}` : "";
  const words = make("p", {}, make("b", {}, screen.name), make("span", { class: "soft" }, about + example));
  const glass = live(screen.name);
  if (provisioned) return make("li", {}, glass, words);
  const change = make("button", { type: "button", class: "small", "aria-label": t("Change {name}", { name: screen.name }), onclick: () => open(screen) }, t("Change"));
  const away = make("button", { type: "button", class: "small", "aria-label": t("Remove {name}", { name: screen.name }), onclick: (event) => remove(event.currentTarget, screen) }, t("Remove"));
  // One of a file of the owner's came by host_vars.
  return make("li", {}, glass, words, make("div", { class: "actions" }, ...(packs.has(screen.pack) ? [change] : []), away));
}

// One that the playlist shows, as it is now; a new one is drawn within some seconds.
function live(name) {
  const image = make("img", { class: "thumb", alt: t("How {name} looks now", { name }) });
  const glass = make("div", { class: "glass thumb-glass", hidden: true }, image);
  let tries = 5;
  const load = () => (image.src = `/api/v1/settings/screens/${name}.png`);
  image.addEventListener("load", () => (glass.hidden = false));
  image.addEventListener("error", () => (tries -= 1) > 0 && glass.isConnected && setTimeout(load, 3000));
  load();
  return glass;
}

async function remove(button, { name }) {
  if (!(await confirmed(t("Take “{name}” off the panel, and out of the playlist?", { name }), t("Remove")))) return;
  const rest = playlist.value.filter((entry) => entry.screen !== name);
  const entries = rest.length < playlist.value.length ? { playlist: rest } : {};
  const screens = chosen.filter((screen) => screen.name !== name);
  if (editing?.name === name) close();
  await attempt(button, problem, () => save({ screens, ...entries }));
  byId("screens-title").focus();
}

function open(screen) {
  editing = screen;
  byId("screen-pack").disabled = byId("screen-name").readOnly = screen !== null;
  byId("screen-pack").value = screen?.pack ?? packs.keys().next().value;
  byId("screen-private").checked = screen?.private ?? false;
  byId("screen-example").checked = screen?.example ?? false;
  write(byId("screen-form-title"), screen ? t("Change “{name}”", { name: screen.name }) : t("New screen"));
  formProblem("");
  fill(screen);
  byId("screen-form").hidden = false;
  byId("screen-form-title").focus();
}

function close() {
  byId("screen-form").hidden = true;
  stop();
  byId("screens-title").focus();
}

// The fields are those that the pack asks for.
function fill(screen) {
  const pack = packs.get(byId("screen-pack").value);
  write(byId("screen-about"), pack.problem ?? pack.about);
  byId("screen-name").value = screen?.name ?? free(pack.name);
  for (const id of ["screen-private", "screen-example"]) byId(id).parentElement.hidden = !pack.asks;
  byId("screen-fields").replaceChildren(...pack.settings.map((setting) => field(setting, screen?.settings?.[setting.name])));
  forgive(byId("screen-form"));
  preview();
}

function free(name) {
  const taken = new Set(chosen.map((screen) => screen.name));
  let number = 1;
  const next = () => (number === 1 && name !== "clock" ? name : `${name}-${number}`);
  while (taken.has(next())) number += 1;
  return next();
}

function field(setting, value) {
  const id = `setting-${setting.name}`;
  const control = input(setting, id);
  const kept = value === KEPT;
  control.value = kept ? "" : [value ?? (setting.type === "choice" ? setting.default : "")].flat().join(", ");
  control.dataset.kept = kept ? "yes" : "";
  const placeholder = kept ? t("kept; write here to replace it") : (setting.default ?? "");
  if (placeholder) control.setAttribute("placeholder", placeholder);
  const words = setting.name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());
  return make(
    "div",
    { class: "field" },
    make("label", { for: id }, setting.default === null ? words : t("{name} (optional)", { name: words })),
    control,
    make("p", { id: `${id}-about`, class: "soft" }, `${setting.about}.`),
    make("p", { id: `${id}-problem`, class: "problem" }),
  );
}

function input({ name, type, secret, choices, default: given }, id) {
  const all = { id, name, autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-about ${id}-problem` };
  if (given === null) all["aria-required"] = "true";
  if (type === "choice") {
    return make("select", all, ...choices.map((choice) => make("option", { value: choice }, choice)));
  }
  if (secret) return make("input", { ...all, type: "password", autocomplete: "new-password" });
  if (type === "text") return make("textarea", { ...all, rows: "1" });
  return make("input", { ...all, inputmode: { number: "decimal", url: "url" }[type] ?? "text" });
}

function filled({ secrets }) {
  const controls = byId("screen-fields").querySelectorAll("input, select, textarea");
  const values = Array.from(controls, ({ name, value, dataset }) => [name, value.trim() || (secrets && dataset.kept ? KEPT : "")]);
  return Object.fromEntries(values.filter(([, value]) => value !== ""));
}

async function submit() {
  forgive(byId("screen-form"));
  const name = byId("screen-name").value.trim();
  const pack = packs.get(byId("screen-pack").value);
  const settings = filled({ secrets: true });
  if (!NAME.test(name)) return complain(byId("screen-name"), t("Take small letters, digits, - and _."));
  const example = byId("screen-example").checked;
  const missing = pack.settings.find((setting) => setting.default === null && !(setting.name in settings));
  if (missing && !example) return complain(byId(`setting-${missing.name}`), t("This has to be filled in."));
  const screen = { name, pack: pack.name, settings, private: byId("screen-private").checked, example };
  const others = editing ? chosen.map((each) => (each.name === editing.name ? screen : each)) : [...chosen, screen];
  await save({ screens: others });
  close();
}

// What the server says of a setting stands at its field.
function place(sentence) {
  const [, word] = sentence.match(/^Screens: [^:]+: (\w+)/) ?? [];
  const control = word && document.getElementById(`setting-${word}`);
  if (control) complain(control, sentence.replace(/^Screens: [^:]+: /, ""));
  else if (/^Screens at entry \d+: (name|there is a screen)/.test(sentence)) complain(byId("screen-name"), sentence.replace(/^.*?: /, ""));
  else formProblem(sentence);
}

function stop() {
  clearTimeout(timer);
  asked?.abort();
}

function preview() {
  stop();
  timer = setTimeout(draw, PAUSE);
}

async function draw() {
  const mine = (asked = new AbortController());
  const path = `/packs/${encodeURIComponent(byId("screen-pack").value)}/preview`;
  byId("sample-frame").dataset.busy = "";
  try {
    const answer = await ask("POST", path, { json: { settings: filled({ secrets: false }) }, signal: mine.signal });
    put(URL.createObjectURL(await content(answer, "blob")));
    write(byId("sample-problem"), "");
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!error.sentence) throw error;
    write(byId("sample-problem"), error.sentence);
  }
  if (mine === asked) delete byId("sample-frame").dataset.busy;
}

function put(picture) {
  const before = shown;
  shown = picture;
  byId("sample").src = picture;
  byId("sample").alt = t("How {name} looks on the panel, with example data", { name: byId("screen-pack").value });
  byId("sample-frame").dataset.state = "shown";
  URL.revokeObjectURL(before);
}
