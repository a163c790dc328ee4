// What a link for a guest leads to: one text field.

import { post } from "./api.js";
import { attempt, byId, toast, write, writer } from "./dom.js";
import { full } from "./time.js";

// What is behind the # is sent to nobody but the API.
const secret = location.hash.slice(1);
const form = byId("send");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(event.submitter ?? form, writer("send-problem"), send);
});
attempt(form, writer("problem"), async () => {
  tell(await post("/guest/look", { secret }));
  form.hidden = false;
  byId("text").focus();
});

async function send() {
  tell(await post("/guest/messages", { secret, text: byId("text").value }));
  form.reset();
  toast("It is on its way to the panel.");
}

function tell({ name, left_today: left, expires_at: end }) {
  write(byId("lead"), `You send as ${name}: ${left} more today, until ${full(end)}.`);
}
