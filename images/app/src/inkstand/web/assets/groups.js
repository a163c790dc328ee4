// For whom a text is: this appliance, or all of a group of the MQTT broker.

import { get } from "./api.js";
import { byId, make } from "./dom.js";
import { t } from "./language.js";

const choice = byId("group");

/** Offer the groups that this appliance is in, if there are any. */
export async function offer() {
  const { groups } = await get("/neighbours").catch(() => ({ groups: [] }));
  const chosen = choice.value;
  const options = groups.map((name) => make("option", { value: name }, t("all of {name}", { name })));
  choice.replaceChildren(choice.options[0], ...options);
  choice.value = groups.includes(chosen) ? chosen : "";
  byId("group-field").hidden = options.length === 0;
}

/** Return the group that was chosen, "" if none was. */
export const chosen = () => choice.value;

/** Return where a text is posted to. */
export const path = () => (choice.value ? `/groups/${encodeURIComponent(choice.value)}/messages` : "/messages");
