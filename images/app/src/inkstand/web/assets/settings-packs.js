// Packs of the owner's own: added from a file or its text, and removed. For the owner alone.

import { ask, content, remove as removeAt } from "./api.js";
import { attempt, byId, confirmed, make, toast, write, writer } from "./dom.js";
import { t } from "./language.js";

// A Pi Zero takes its time to check a pack and to draw it.
const PATIENCE = 120_000;
const problem = writer("packs-problem");
const formProblem = writer("pack-problem");

let reload = null;

/** Show the part of the page, and call `changed` when there are other packs. */
export function start(changed) {
  reload = changed;
  byId("packs-part").hidden = false;
  byId("pack-file").addEventListener("change", take);
  byId("pack-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(event.submitter ?? event.currentTarget, formProblem, add);
  });
}

/** Show those of `packs` that are the owner's own. */
export function show(packs) {
  byId("packs").replaceChildren(...packs.filter(({ own }) => own).map(item));
}

// The text can be mended here before it is added.
async function take() {
  const [file] = byId("pack-file").files;
  if (file) byId("pack-toml").value = await file.text();
  formProblem("");
}

async function add() {
  write(byId("pack-told"), "");
  const answer = await ask("POST", "/packs", {
    body: byId("pack-toml").value,
    headers: { "Content-Type": "text/plain" },
    signal: AbortSignal.timeout(PATIENCE),
  });
  const { name, forgotten } = await content(answer, "json");
  byId("pack-form").reset();
  toast(t("“{name}” is added.", { name }));
  if (forgotten.length) {
    const whose = forgotten.join(", ");
    write(byId("pack-told"), t("“{name}” asks other servers now. Fill in again what is secret, and whether it may ask your own network: {whose}.", { name, whose }));
  }
  await reload();
}

function item({ name, about, problem: wrong }) {
  const words = make("p", {}, make("b", {}, name), make("span", { class: wrong ? "lines problem" : "soft" }, wrong ?? about));
  const away = make("button", { type: "button", class: "small", "aria-label": t("Remove the pack {name}", { name }), onclick: (event) => remove(event.currentTarget, name) }, t("Remove"));
  return make("li", {}, words, make("div", { class: "actions" }, away));
}

async function remove(button, name) {
  if (!(await confirmed(t("Remove the pack “{name}” from this Inkstand?", { name }), t("Remove")))) return;
  await attempt(button, problem, async () => {
    await removeAt(`/packs/${encodeURIComponent(name)}`);
    await reload();
    byId("packs-title").focus();
  });
}
