// The page of settings: screens, playlist and quiet hours, each saved by itself.

import { get, patch } from "./api.js";
import { byId, toast, write, writer } from "./dom.js";
import * as own from "./settings-packs.js";
import * as rows from "./settings-rows.js";
import * as screens from "./settings-screens.js";
import * as webhooks from "./settings-webhooks.js";
import { offerToLogOut } from "./session.js";
import { t } from "./language.js";

const problem = writer("page-problem");
offerToLogOut(problem, () => location.replace("/"));
begin();

async function begin() {
  try {
    const { scope, role } = await get("/session");
    byId("logout").hidden = false;
    if (scope !== "admin") return problem(t("Only an admin may change settings."));
    const [told, { packs }] = await Promise.all([get("/settings"), get("/packs")]);
    screens.start(packs, save);
    rows.start(save);
    if (role === "owner") own.start(reload);
    own.show(packs);
    show(told);
    byId("inside").hidden = false;
    if (role === "owner") await webhooks.show();
  } catch (error) {
    if (!error.sentence) throw error;
    if (error.status === 401) byId("outside").hidden = false;
    else problem(error.sentence);
  }
}

/** Change settings, all or none, and show what they are then; throws what the server refuses. */
async function save(changes) {
  show(await patch("/settings", changes), Object.keys(changes));
  toast(t("Saved."));
}

/** Show packs as they are now, and the screens, of which some may have changed with them. */
async function reload() {
  const [told, { packs }] = await Promise.all([get("/settings"), get("/packs")]);
  screens.know(packs);
  own.show(packs);
  show(told, []);
}

/** Show the settings that are `saved`, null: all; what is being written in the others stays. */
function show({ settings, internet }, saved = null) {
  const known = Object.fromEntries(settings.map((each) => [each.name, each]));
  byId("no-internet").hidden = internet;
  fix("screens", known.screens);
  fix("playlist", known.playlist);
  fix("quiet", known.quiet_hours);
  screens.show(known);
  rows.show(known, saved);
}

// What host_vars says is changed there.
function fix(id, { name, provisioned, problem: wrong }) {
  byId(`${id}-fixed`).hidden = !provisioned;
  write(byId(`${id}-fixed`), t("Set where this Inkstand was deployed from, by {setting} in host_vars; it is changed there.", { setting: `app_${name}` }));
  write(byId(`${id}-problem`), wrong ? t("Not in use: {reason}.", { reason: wrong }) : "");
}
