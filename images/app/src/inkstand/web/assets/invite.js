// What an invitation leads to: choose a name and a password, once.

import { post, Problem } from "./api.js";
import { attempt, byId, placer, write, writer } from "./dom.js";
import { t } from "./language.js";
import { full } from "./time.js";

// What is behind the # is sent to nobody but the API.
const secret = location.hash.slice(1);
const form = byId("accept");
const problem = placer(form, "accept-problem", { name: byId("name"), password: byId("password") });
const MAY = {
  viewer: t("You may then see what is on the panel and what was sent."),
  sender: t("You may then see what is on the panel, and send to it."),
  admin: t("You may then do everything here."),
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(event.submitter ?? form, problem, accept);
});
attempt(form, writer("problem"), look);

async function look() {
  const { role, name, expires_at: end } = await post("/invitation/look", { secret });
  write(byId("lead"), `${MAY[role]} ${t("The invitation works once, until {time}.", { time: full(end) })}`);
  byId("name").value = name ?? "";
  byId("name").readOnly = name !== null;
  form.hidden = false;
  byId(name === null ? "name" : "password").focus();
}

async function accept() {
  const { value: password, minLength: least } = byId("password");
  if (!byId("name").value.trim()) throw new Problem(t("Choose a name to log in with."), byId("name"));
  if (password.length < least) throw new Problem(t("That is too short."), byId("password"));
  const { name } = await post("/invitation/accept", { secret, name: byId("name").value, password });
  await post("/session", { username: name, password, transport: "cookie" });
  // Without the secret in the history of the browser.
  location.replace("/");
}
