// Who may log in: invite, change the role, remove; and one's own password.

import { ask, get, post, Problem, put, remove, session } from "./api.js";
import { attempt, byId, confirmed, joined, make, placer, toast, write, writer } from "./dom.js";
import { full } from "./time.js";

const ROLES = ["viewer", "sender", "admin"];
const invite = byId("invite");
const password = byId("password");
const problem = writer("people-problem");
const inviteProblem = placer(invite, "invite-problem", { name: byId("invite-name") });
const guestProblem = placer(byId("guest"), "guest-problem", { name: byId("guest-name") });
// "That is not your password."
const passwordProblem = placer(password, "password-problem", { new: byId("new"), that: byId("old") });
let me = null;

// Whoever is not logged in begins at the panel, where one logs in.
const leave = () => location.assign("/");
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
attempt(byId("main"), writer("problem"), begin);

async function begin() {
  try {
    me = await get("/session");
  } catch (error) {
    if (error.status === 401) return leave();
    throw error;
  }
  write(byId("whose"), `You are ${me.user} (${me.role}). With another password you are logged out everywhere else.`);
  byId("username").value = me.user;
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
    since ? `since ${full(since)}` : "named by the settings of the Pi",
    used ? `last seen ${full(used)}` : "not seen yet",
  ];
  return make(
    "li",
    { class: "token" },
    make(
      "p",
      { class: "head" },
      make("b", {}, name),
      role === "owner" ? make("span", { class: "tag" }, role) : roleOf(name, role),
      name === me.user ? make("span", { class: "tag state shown" }, "you") : null,
    ),
    make("p", { class: "soft foot" }, ...joined(facts, " · ")),
    role === "owner" ? null : button("Remove", name, () => askToRemove(name)),
  );
}

function roleOf(name, role) {
  const options = ROLES.map((each) => make("option", { value: each, selected: each === role }, each));
  const change = ({ currentTarget: choice }) => attempt(choice, problem, () => changeRole(name, choice.value));
  return make("select", { onchange: change, "aria-label": `Role of ${name}` }, ...options);
}

const invitation = ({ id, name, role, expires_at: end }) =>
  link(`/invitations/${id}`, name ?? "anybody with the link", role, `until ${full(end)}`);

const guest = ({ id, name, expires_at: end, left_today: left, messages_a_day: most }) =>
  link(`/guests/${id}`, name, "guest", `until ${full(end)} · ${left} of ${most} left today`);

function link(path, name, kind, facts) {
  return make(
    "li",
    { class: "token" },
    make("p", { class: "head" }, make("b", {}, name), make("span", { class: "tag" }, kind)),
    make("p", { class: "soft foot" }, facts),
    button("Revoke", name, async () => {
      await remove(path);
      byId("link").hidden = true;
      toast("Revoked.");
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
  await reveal(url, invite, name || "who is invited");
}

async function makeGuest() {
  const name = byId("guest-name").value.trim();
  if (!name) throw new Problem("Give it a name: it stands below each message.", byId("guest-name"));
  const { url } = await post("/guests", {
    name,
    expires_in_days: Number(byId("guest-days").value),
    messages_a_day: Number(byId("guest-limit").value),
  });
  await reveal(url, byId("guest"), name);
}

async function reveal(url, form, name) {
  form.reset();
  write(byId("link-title"), `The link for ${name}. Copy it now.`);
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
    toast("Copied.");
  } catch {
    // Without HTTPS there is no clipboard for scripts.
    field.select();
    toast("It is selected: copy it with the keyboard.");
  }
}

async function changeRole(name, role) {
  try {
    await put(`/people/${encodeURIComponent(name)}`, { role });
    toast(`${name} has the role ${role} now, and has to log in again.`);
  } finally {
    await show();
  }
}

async function askToRemove(name) {
  if (!(await confirmed(`Remove ${name}? They are logged out at once, and their tokens end.`, "Remove"))) return;
  await remove(`/people/${encodeURIComponent(name)}`);
  toast(`${name} is removed.`);
  if (name === me.user) leave();
  else await show();
}

async function changePassword() {
  const [old, chosen] = [byId("old"), byId("new")];
  if (!old.value) throw new Problem("Type the password that you have now.", old);
  if (chosen.value.length < chosen.minLength) throw new Problem("That is too short.", chosen);
  await ask("PUT", "/me/password", { json: { old: old.value, new: chosen.value } });
  // That has ended this session too.
  await post("/session", { username: me.user, password: chosen.value, transport: "cookie" });
  password.reset();
  byId("username").value = me.user;
  toast("It is changed.");
}
