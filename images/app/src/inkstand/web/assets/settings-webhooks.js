// Who is told what happens: how the last of it was taken, and a test. For the owner alone.

import { get, post } from "./api.js";
import { attempt, byId, make, toast, writer } from "./dom.js";
import { t } from "./language.js";
import { full } from "./time.js";

// A target has half a minute to answer.
const PATIENCE = 60_000;
const SHOWN = 3;
const OUTCOMES = {
  delivered: t("delivered"),
  failed: t("not taken, it is sent again"),
  "given-up": t("not taken"),
  gone: t("it wants nothing any more"),
};
const problem = writer("webhooks-problem");

/** Show them, if there are some. */
export async function show() {
  const { webhooks } = await get("/webhooks");
  byId("webhooks-part").hidden = !webhooks.length;
  byId("webhooks").replaceChildren(...webhooks.map(item));
}

function item({ name, host, state, waiting, dropped, deliveries }) {
  const words = make(
    "p",
    {},
    make("b", {}, name),
    make("span", { class: "soft" }, t("{host}: {waiting} waiting, {dropped} dropped", { host, waiting: String(waiting), dropped: String(dropped) })),
    state === "ok" ? null : make("span", { class: "line problem" }, state),
    ...deliveries.slice(0, SHOWN).map((each) => make("span", { class: "line soft" }, line(each))),
  );
  const button = make("button", { type: "button", class: "small", "aria-label": t("Send a test to {name}", { name }), onclick: (event) => test(event.currentTarget, name) }, t("Send a test"));
  return make("li", {}, words, make("div", { class: "actions" }, button));
}

function line({ event, tried_at, status, problem: wrong, outcome }) {
  const answer = wrong ?? t("answered {status}", { status: String(status) });
  return `${full(tried_at)} · ${event} · ${OUTCOMES[outcome] ?? outcome} · ${answer}`;
}

async function test(button, name) {
  await attempt(button, problem, async () => {
    const { outcome } = await post(`/webhooks/${encodeURIComponent(name)}/test`, undefined, { signal: AbortSignal.timeout(PATIENCE) });
    await show();
    byId("webhooks-title").focus();
    if (outcome === "delivered") toast(t("{name} has taken the test.", { name }));
    else problem(t("{name} did not take the test; the list says why.", { name }));
  });
}
