// Who may log in: invite, change the role, remove; and one's own password.

import { ask, get, post, Problem, put, remove, session } from "./api.js";
import { attempt, byId, confirmed, joined, make, placer, toast, write, writer } from "./dom.js";
import { t } from "./language.js";
import { offerToLogOut } from "./session.js";
import { full } from "./time.js";

const ROLES = ["viewer", "sender", "admin"];
const NAMES = { viewer: t("viewer"), sender: t("sender"), admin: t("admin"), owner: t("owner") };
const invite = byId("invite");
const password = byId("password");
const problem = writer("people-problem");
const inviteProblem = placer(invite, "invite-problem", { name: byId("invite-name") });
const guestProblem = placer(byId("guest"), "guest-problem", { name: byId("guest-name") });
const passwordProblem = placer(password, "password-problem", { new: byId("new") });
let me = null;

// Whoever is not logged in begins at the panel, where one logs in.
const leave = () => location.replace("/");
session.addEventListener("unauthorized", leave);

invite.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(event.submitter ?? invite, inviteProblem, makeLink);
});
password.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(event.submitter ?? password, passwordProblem, changePassword);
});
byId("guest").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(event.submitter ?? event.currentTarget, guestProblem, makeGuest);
});
byId("link-copy").addEventListener("click", copy);
offerToLogOut(writer("problem"), leave);
attempt(byId("main"), writer("problem"), begin);

async function begin() {
  try {
    me = await get("/session");
  } catch (error) {
    if (error.status === 401) return leave();
    throw error;
  }
  write(byId("whose"), t("You are {name} ({role}). With another password you are logged out everywhere else.", { name: me.user, role: NAMES[me.role] }));
  byId("username").value = me.user;
  byId("logout").hidden = false;
  for (const id of ["for-admins", "to-settings"]) byId(id).hidden = me.scope !== "admin";
  if (me.scope === "admin") await show();
}

async function show() {
  const focused = document.activeElement.closest(".tokens") && document.activeElement.ariaLabel;
  const [{ people }, { invitations }, { guests }] = await Promise.all(
    ["/people", "/invitations", "/guests"].map((path) => get(path)),
  );
  byId("people").replaceChildren(...people.map(person));
  byId("invitations").replaceChildren(...invitations.map(invitation));
  byId("guests").replaceChildren(...guests.map(guest));
  byId("invitations-part").hidden = invitations.length === 0;
  byId("guests-part").hidden = guests.length === 0;
  if (focused) (document.querySelector(`.tokens [aria-label="${CSS.escape(focused)}"]`) ?? byId("people-title")).focus();
}

function person({ name, role, created_at: since, last_used_at: used }) {
  const facts = [
    since ? t("since {time}", { time: full(since) }) : t("named by the settings of the Pi"),
    used ? t("last seen {time}", { time: full(used) }) : t("not seen yet"),
  ];
  return make(
    "li",
    { class: "token" },
    make(
      "p",
      { class: "head" },
      make("b", {}, name),
      role === "owner" ? make("span", { class: "tag" }, NAMES[role]) : roleOf(name, role),
      name === me.user ? make("span", { class: "tag state shown" }, t("you")) : null,
    ),
    make("p", { class: "soft foot" }, ...joined(facts, " · ")),
    role === "owner" ? null : button(t("Remove"), name, () => askToRemove(name)),
  );
}

function roleOf(name, role) {
  const options = ROLES.map((each) => make("option", { value: each, selected: each === role }, NAMES[each]));
  const change = ({ currentTarget: choice }) => attempt(choice, problem, () => changeRole(name, choice.value));
  return make("select", { onchange: change, "aria-label": t("Role of {name}", { name }) }, ...options);
}

const invitation = ({ id, name, role, expires_at: end }) =>
  link(`/invitations/${id}`, name ?? t("anybody with the link"), NAMES[role], t("until {time}", { time: full(end) }));

const guest = ({ id, name, expires_at: end, left_today: left, messages_a_day: most }) =>
  link(`/guests/${id}`, name, t("guest"), t("until {time} · {left} of {most} left today", { time: full(end), left, most }));

function link(path, name, kind, facts) {
  return make(
    "li",
    { class: "token" },
    make("p", { class: "head" }, make("b", {}, name), make("span", { class: "tag" }, kind)),
    make("p", { class: "soft foot" }, facts),
    button(t("Revoke"), name, async () => {
      await remove(path);
      byId("link").hidden = true;
      toast(t("Revoked."));
      await show();
    }),
  );
}

function button(word, name, action) {
  const run = (event) => attempt(event.currentTarget, problem, action);
  return make("button", { type: "button", class: "small", onclick: run, "aria-label": `${word}: ${name}` }, word);
}

async function makeLink() {
  const name = byId("invite-name").value.trim();
  const { url } = await post("/invitations", { role: invite.role.value, name: name || null });
  await reveal(url, invite, name || t("who is invited"));
}

async function makeGuest() {
  const name = byId("guest-name").value.trim();
  if (!name) throw new Problem(t("Give it a name: it stands below each message."), byId("guest-name"));
  const { url } = await post("/guests", {
    name,
    expires_in_days: Number(byId("guest-days").value),
    messages_a_day: Number(byId("guest-limit").value),
  });
  await reveal(url, byId("guest"), name);
}

async function reveal(url, form, name) {
  form.reset();
  write(byId("link-title"), t("The link for {name}. Copy it now.", { name }));
  byId("link-value").value = url;
  byId("link").hidden = false;
  byId("link-title").focus();
  byId("link").scrollIntoView({ block: "nearest" });
  await show();
}

async function copy() {
  const field = byId("link-value");
  try {
    await navigator.clipboard.writeText(field.value);
    toast(t("Copied."));
  } catch {
    // Without HTTPS there is no clipboard for scripts.
    field.select();
    toast(t("It is selected: copy it with the keyboard."));
  }
}

async function changeRole(name, role) {
  try {
    await put(`/people/${encodeURIComponent(name)}`, { role });
    toast(t("{name} has the role {role} now, and has to log in again.", { name, role: NAMES[role] }));
  } finally {
    await show();
  }
}

async function askToRemove(name) {
  if (!(await confirmed(t("Remove {name}? They are logged out at once, and their tokens end.", { name }), t("Remove")))) return;
  await remove(`/people/${encodeURIComponent(name)}`);
  toast(t("{name} is removed.", { name }));
  if (name === me.user) leave();
  else await show();
}

async function changePassword() {
  const [old, chosen] = [byId("old"), byId("new")];
  if (!old.value) throw new Problem(t("Type the password that you have now."), old);
  if (chosen.value.length < chosen.minLength) throw new Problem(t("That is too short."), chosen);
  try {
    await ask("PUT", "/me/password", { json: { old: old.value, new: chosen.value } });
  } catch (error) {
    throw error.code === "wrong-password" ? new Problem(t("That is not your password."), old) : error;
  }
  // That has ended this session too.
  await post("/session", { username: me.user, password: chosen.value, transport: "cookie" });
  password.reset();
  byId("username").value = me.user;
  toast(t("It is changed."));
}
