// Rows of the playlist and of the quiet hours.

import { attempt, byId, make, writer } from "./dom.js";
import { t } from "./language.js";

const CLOCK = "clock";
const BUILT_IN = [CLOCK, "clock-date"];
const SAID = /at entry (\d+): (?:must .*|(\w+))/;
const quietProblem = writer("quiet-problem");
const playlistProblem = writer("playlist-problem");

let names = BUILT_IN;
let quietScreenIsFixed = false;
let quietHoursAreFixed = false;

/** Wire the two forms; `save` changes settings. */
export function start(save) {
  const forms = [
    ["playlist", playlistProblem, () => ({ playlist: read("playlist") })],
    ["quiet", quietProblem, quiet],
  ];
  for (const [id, say, changes] of forms) {
    byId(`${id}-add`).addEventListener("click", () => add(id));
    byId(`${id}-form`).addEventListener("submit", (event) => {
      event.preventDefault();
      clear(id);
      attempt(event.submitter ?? byId(`${id}-form`), (sentence) => place(id, sentence, say), () => save(changes()));
    });
  }
}

/** Show settings, by name; of rows those that are `saved`, null: all. */
export function show(known, saved) {
  const { screens, playlist, quiet_hours: hours, quiet_screen: look } = known;
  names = [...BUILT_IN, ...screens.value.map((each) => each.name)];
  quietScreenIsFixed = look.provisioned;
  quietHoursAreFixed = hours.provisioned;
  if (!saved || saved.includes("playlist")) fill("playlist", playlist.value);
  for (const select of byId("playlist").querySelectorAll("select")) offer(select, select.value);
  if (!saved || saved.includes("quiet_hours")) fill("quiet", hours.value);
  if (!saved || saved.includes("quiet_screen")) byId("quiet-screen").value = look.value;
  byId("playlist-form").querySelector("fieldset").disabled = playlist.provisioned;
  byId("quiet-form").querySelector("fieldset").disabled = hours.provisioned && look.provisioned;
  byId("quiet-screen").disabled = look.provisioned;
  byId("quiet-add").disabled = hours.provisioned;
  for (const control of byId("quiet").querySelectorAll("input, button")) control.disabled = hours.provisioned;
}

function quiet() {
  return {
    ...(quietHoursAreFixed ? {} : { quiet_hours: read("quiet") }),
    ...(quietScreenIsFixed ? {} : { quiet_screen: byId("quiet-screen").value }),
  };
}

function fill(id, entries) {
  byId(id).replaceChildren(...entries.map((entry) => row(id, entry)));
  number(id);
}

function add(id) {
  const entry = id === "playlist" ? { screen: CLOCK } : { from: "22:30", to: "07:00" };
  byId(id).append(row(id, entry));
  number(id);
  byId(id).lastElementChild.querySelector("input, select").focus();
}

let fields = 0;

function row(id, entry) {
  const item = make("div", { role: "group" });
  const field = (label, name, attributes) => {
    const input = make("input", { id: `row-${(fields += 1)}`, name, autocomplete: "off", ...attributes });
    input.value = entry[name] ?? "";
    return make("div", { class: "field" }, make("label", { for: input.id }, label), input);
  };
  const days = field(t("Days"), "days", { list: "days", placeholder: "daily", spellcheck: "false" });
  const times = [field(t("From"), "from", { type: "time" }), field(t("To"), "to", { type: "time" })];
  const turn = id === "playlist" ? [choice(entry.screen), field(t("Minutes"), "minutes", { inputmode: "numeric" })] : [];
  const actions = make("div", { class: "actions" }, ...buttons(id, item));
  item.append(...turn, days, ...times, actions, make("p", { class: "problem", id: `row-${(fields += 1)}` }));
  return item;
}

function choice(screen) {
  const select = make("select", { id: `row-${(fields += 1)}`, name: "screen" });
  offer(select, screen);
  return make("div", { class: "field" }, make("label", { for: select.id }, t("Screen")), select);
}

// One that is there no longer stays to be seen: the server says what is wrong with it.
function offer(select, chosen) {
  const all = names.includes(chosen) ? names : [...names, chosen];
  select.replaceChildren(...all.map((name) => make("option", { value: name, selected: name === chosen }, name)));
}

function buttons(id, item) {
  const up = () => {
    item.previousElementSibling?.before(item);
    number(id);
    item.querySelector(".up").focus();
  };
  const gone = () => {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    number(id);
    (next?.querySelector("input, select") ?? byId(`${id}-add`)).focus();
  };
  const first = id === "playlist" ? [make("button", { type: "button", class: "small up", onclick: up }, t("Up"))] : [];
  return [...first, make("button", { type: "button", class: "small gone", onclick: gone }, t("Remove"))];
}

function number(id) {
  for (const [index, item] of Array.from(byId(id).children).entries()) {
    item.setAttribute("aria-label", t("Entry {number}", { number: index + 1 }));
    item.querySelector(".up")?.setAttribute("aria-label", t("Move entry {number} up", { number: index + 1 }));
    item.querySelector(".gone").setAttribute("aria-label", t("Remove entry {number}", { number: index + 1 }));
  }
}

function read(id) {
  return Array.from(byId(id).children, (item) =>
    Object.fromEntries(
      Array.from(item.querySelectorAll("input, select"), ({ name, value }) => [name, typed(name, value.trim())]).filter(
        ([, value]) => value !== "",
      ),
    ),
  );
}

const typed = (name, value) => (name === "minutes" && /^\d+$/.test(value) ? Number(value) : value);

function clear(id) {
  for (const input of byId(id).querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  for (const told of byId(id).querySelectorAll(".problem")) told.textContent = "";
}

// A sentence about an entry stands there, and its field says so.
function place(id, sentence, say) {
  const [, entry, word] = sentence.match(SAID) ?? [];
  const item = byId(id).children[entry - 1];
  if (!item) return say(sentence);
  const input = item.querySelector(`[name="${word ?? ""}"]`) ?? item.querySelector("select, input");
  const told = item.querySelector(".problem");
  told.textContent = sentence.replace(/^.*?at entry \d+: /, "").replace(/^./, (letter) => letter.toUpperCase());
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", told.id);
  input.focus();
}
