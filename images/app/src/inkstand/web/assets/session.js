// Log in and out.

import { get, post, Problem, Refused, remove } from "./api.js";
import { attempt, byId, writer } from "./dom.js";
import { t } from "./language.js";

/** Return the name of who is logged in, null if nobody is; throws Unreachable. */
export async function whoIsThere() {
  try {
    return noted(await get("/session"));
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return null;
    throw error;
  }
}

/** Call `entered(user)` when somebody has logged in, `left()` when they want to go. */
export function start(entered, left) {
  const form = byId("login");
  const problem = writer("login-problem");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(event.submitter ?? form, problem, async () => {
      if (!filled(form, problem)) return;
      const user = noted(await logIn(form));
      form.password.value = "";
      await entered(user);
    });
  });
  offerToLogOut((sentence) => sentence && left(sentence), () => left(""));
}

/** Have the button log out and call `left()`, or `say` what went wrong. */
export function offerToLogOut(say, left) {
  byId("logout").addEventListener("click", ({ currentTarget }) =>
    attempt(currentTarget, say, async () => {
      await remove("/session");
      left();
    }),
  );
}

/** Tell whether who is logged in may take a message back: an admin any, others their own. */
export const mayTakeBack = ({ author }) => document.body.dataset.scope === "admin" || author === document.body.dataset.user;

// What they may do decides what is shown to them; who may not change settings needs no way to them.
function noted({ user, scope }) {
  Object.assign(document.body.dataset, { scope, user });
  byId("to-settings").hidden = scope !== "admin";
  return user;
}

function filled(form, say) {
  const empty = [form.username, form.password].find((input) => input.value === "");
  if (!empty) return true;
  say(empty === form.username ? t("Who are you? The user is missing.") : t("The password is missing."));
  empty.focus();
  return false;
}

async function logIn(form) {
  const { username, password } = form;
  try {
    return await post("/session", {
      username: username.value,
      password: password.value,
      transport: "cookie",
    });
  } catch (error) {
    throw inOurWords(error, password);
  }
}

function inOurWords(error, password) {
  if (error.status === 401) {
    password.select();
    return new Problem(t("That user and password do not belong together."));
  }
  if (error.status === 429 && error.retryAfter) {
    return new Problem(t("Too many attempts. Try again in {seconds} seconds.", { seconds: error.retryAfter }));
  }
  return error;
}
