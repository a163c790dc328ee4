// What a link for a guest leads to: one text field.

import { post, Problem } from "./api.js";
import { attempt, byId, placer, toast, write, writer } from "./dom.js";
import { plural, t } from "./language.js";
import { full } from "./time.js";

// What is behind the # is sent to nobody but the API.
const secret = location.hash.slice(1);
const form = byId("send");
const problem = placer(form, "send-problem", { text: byId("text") });

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(event.submitter ?? form, problem, send);
});
attempt(form, writer("problem"), async () => {
  tell(await post("/guest/look", { secret }));
  form.hidden = false;
  byId("text").focus();
});

async function send() {
  if (!byId("text").value.trim()) throw new Problem(t("Write something first."), byId("text"));
  tell(await post("/guest/messages", { secret, text: byId("text").value }));
  form.reset();
  toast(t("It is on its way to the panel."));
}

function tell({ name, left_today: left, expires_at: end }) {
  const more = plural(left, "You send as {name}, one more message today.", "You send as {name}, {n} more messages today.", { name });
  const until = t("This link works until {time}.", { time: full(end) });
  write(byId("lead"), left ? `${more} ${until}` : t("That was all for today. Come back tomorrow."));
  for (const control of form.elements) control.disabled = left === 0;
}
