// Named tokens and sessions: make, show once, revoke.

import { get, post, remove } from "./api.js";
import { attempt, byId, confirmed, joined, make, toast, write, writer } from "./dom.js";
import { t } from "./language.js";
import { full, ticking } from "./time.js";

const problem = writer("token-problem");
const form = byId("token-form");
const SCOPES = ["metrics", "read", "post", "admin"];
// The fingerprint of the certificate authority that programs have to be told to trust, if there is one.
let authority = null;

/** Wire the form and what is shown once. */
export function start() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(event.submitter ?? form, problem, create);
  });
  byId("token-copy").addEventListener("click", copy);
  byId("token-done").addEventListener("click", () => {
    hide();
    byId("token-name").focus();
  });
}

/** Read the list; called whenever the page is opened. */
export async function show() {
  offer();
  try {
    const [{ tokens }, status] = await Promise.all([get("/tokens"), get("/status")]);
    authority = status.authority_fingerprint;
    byId("tokens").replaceChildren(...tokens.map(item));
  } catch (error) {
    if (!error.sentence) throw error;
    problem(error.sentence);
  }
}

/** Forget what was made; a token must not stay on the screen. */
export function clear() {
  hide();
  form.reset();
  byId("tokens").replaceChildren();
}

// None goes further than who makes it.
function offer() {
  const most = document.body.dataset.scope;
  const isBeyond = ({ value }) => SCOPES.indexOf(value) > SCOPES.indexOf(most);
  for (const choice of form.scope) choice.closest("label").hidden = isBeyond(choice);
  if (isBeyond(form.scope)) form.scope.value = most;
}

async function create() {
  const name = byId("token-name").value.trim();
  if (!name) {
    problem(t("Give it a name, so that you know later what it is for."));
    return byId("token-name").focus();
  }
  const days = byId("token-days").value;
  const made = await post("/tokens", {
    name,
    scope: form.scope.value,
    expires_in_days: days ? Number(days) : null,
  });
  form.reset();
  reveal(made);
  await show();
}

function reveal({ name, scope, token }) {
  write(byId("new-token-title"), t("“{name}” is made. Copy it now.", { name }));
  byId("token-value").value = token;
  write(byId("token-curl"), example(token, scope));
  byId("token-hook").hidden = scope !== "post";
  write(byId("token-hook-url"), `${location.origin}/api/v1/hooks/${token}`);
  byId("token-ca").hidden = !authority;
  write(byId("token-ca-fingerprint"), authority ?? "");
  byId("new-token").hidden = false;
  byId("new-token-title").focus();
  byId("new-token").scrollIntoView({ block: "nearest" });
}

function example(token, scope) {
  const trust = authority ? "--cacert ca.pem " : "";
  const start = `curl ${trust}-H 'Authorization: Bearer ${token}' \\\n  `;
  if (scope === "metrics") return `${start}${location.origin}/api/v1/metrics`;
  if (scope === "read") return `${start}${location.origin}/api/v1/panel.png -o panel.png`;
  return `${start}--json '{"text": "Hello World!"}' \\\n  ${location.origin}/api/v1/messages`;
}

function hide() {
  byId("new-token").hidden = true;
  byId("token-value").value = "";
  write(byId("token-curl"), "");
  write(byId("token-hook-url"), "");
}

async function copy() {
  const field = byId("token-value");
  try {
    await navigator.clipboard.writeText(field.value);
    toast(t("Copied."));
  } catch {
    // Without HTTPS there is no clipboard for scripts.
    field.select();
    toast(t("It is selected: copy it with the keyboard."));
  }
}

function item(token) {
  const name = token.kind === "session" ? device(token.name) : token.name;
  const facts = [
    since(t("made"), token.created_at),
    token.last_used_at ? since(t("last used"), token.last_used_at) : t("never used"),
    token.expires_at ? t("until {time}", { time: full(token.expires_at) }) : t("never expires"),
  ];
  const revoke = (event) => attempt(event.currentTarget, problem, () => askToRevoke(token, name));
  return make(
    "li",
    { class: "token", "data-id": token.id },
    make(
      "p",
      { class: "head" },
      make("b", {}, name),
      make("span", { class: "tag" }, token.kind === "session" ? t("session") : token.scope),
      token.current ? make("span", { class: "tag state shown" }, t("this browser")) : null,
      token.user === document.body.dataset.user ? null : make("span", {}, t("of {name}", { name: token.user })),
    ),
    make("p", { class: "soft foot" }, ...joined(facts, " · ")),
    token.current
      ? null
      : make("button", { type: "button", class: "small", onclick: revoke, "aria-label": `${t("Revoke")}: ${name}` }, t("Revoke")),
  );
}

const since = (word, time) => make("span", {}, `${word} `, ticking(time, "relative", full(time)));

const BROWSERS = { Edg: "Edge", OPR: "Opera", Firefox: "Firefox", Chrome: "Chrome", Safari: "Safari" };
const SYSTEMS = {
  iPhone: "iPhone",
  iPad: "iPad",
  Android: "Android",
  CrOS: "ChromeOS",
  Windows: "Windows",
  "Mac OS X": "macOS",
  Linux: "Linux",
};

// What a browser calls itself, in as many words as people need. The order counts: most of them
// also claim to be others.
function device(agent) {
  const browser = Object.keys(BROWSERS).find((name) => agent.includes(`${name}/`));
  const system = Object.keys(SYSTEMS).find((name) => agent.includes(name));
  if (!browser || !system) return agent || t("Log-in with the password");
  return t("{browser} on {system}", { browser: BROWSERS[browser], system: SYSTEMS[system] });
}

async function askToRevoke({ id }, name) {
  const question = t("Revoke “{name}”? Whatever uses it is refused from then on.", { name });
  if (!(await confirmed(question, t("Revoke")))) return;
  await remove(`/tokens/${id}`);
  toast(t("Revoked."));
  await show();
}
