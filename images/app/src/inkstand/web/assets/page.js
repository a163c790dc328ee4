// Log in, send a message, and see what is on the glass.

const LOOK_EVERY = 2000;
const element = (id) => document.getElementById(id);

let token = sessionStorage.getItem("token");
let tag = "";
let picture = "";
let timer = 0;

function say(sentence, wrong = false) {
  const status = element("status");
  status.textContent = sentence;
  status.hidden = sentence === "";
  status.classList.toggle("wrong", wrong);
}

function showParts() {
  const inside = Boolean(token);
  element("login").hidden = inside;
  for (const id of ["logout", "panel", "compose"]) element(id).hidden = !inside;
}

function logOut(sentence = "") {
  token = null;
  tag = "";
  sessionStorage.removeItem("token");
  element("glass").hidden = true;
  element("caption").textContent = "Waiting for the panel …";
  showParts();
  say(sentence);
  element("username").focus();
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  return fetch(path, { ...options, headers, credentials: "omit", cache: "no-store" });
}

async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  const data = await answer.json();
  if (answer.ok) return data;
  const error = new Error(data.error ?? "That did not work");
  error.expired = data.error === "Token is invalid" || answer.status === 401;
  throw error;
}

function draw(blob) {
  URL.revokeObjectURL(picture);
  picture = URL.createObjectURL(blob);
  element("glass").src = picture;
  element("glass").hidden = false;
}

function describe(state, time) {
  if (state !== "ok") return `The panel is out of order: ${state}`;
  return `Read back from the panel at ${time.toLocaleTimeString()}`;
}

async function look() {
  const [glass, panel] = await Promise.all([
    ask("/api/v1/panel.png", tag ? { headers: { "If-None-Match": tag } } : {}),
    ask("/api/v1/panel"),
  ]);
  if (panel.status === 401) return logOut("You were logged out.");
  if (glass.status === 200) {
    tag = glass.headers.get("ETag");
    draw(await glass.blob());
  }
  const { state } = await panel.json();
  element("caption").textContent = describe(state, new Date());
}

async function keepLooking() {
  clearTimeout(timer);
  if (!token || document.hidden) return;
  try {
    await look();
  } catch {
    element("caption").textContent = "Offline: the picture may be older than what is on the glass.";
  }
  timer = setTimeout(keepLooking, LOOK_EVERY);
}

async function submit(event, action) {
  event.preventDefault();
  const button = event.submitter ?? event.currentTarget;
  button.disabled = true;
  try {
    await action(event.target);
  } catch (error) {
    if (error.expired) logOut("You were logged out.");
    else say(error instanceof TypeError ? "The server cannot be reached." : error.message, true);
  } finally {
    button.disabled = false;
  }
}

async function logIn(form) {
  const answer = await post("/login", {
    username: form.username.value,
    password: form.password.value,
  });
  token = answer.token;
  sessionStorage.setItem("token", token);
  form.password.value = "";
  say("");
  showParts();
  element("message").focus();
  keepLooking();
}

async function send(form) {
  await post("/messages", { message: form.message.value });
  form.reset();
  say("Sent. The panel takes a few seconds.");
  keepLooking();
}

async function press() {
  await fetch("/demo/press", { method: "POST" });
  say("Pressed.");
}

element("login").addEventListener("submit", (event) => submit(event, logIn));
element("compose").addEventListener("submit", (event) => submit(event, send));
element("press").addEventListener("click", (event) => submit(event, press));
element("logout").addEventListener("click", () => logOut());
document.addEventListener("visibilitychange", keepLooking);
showParts();
keepLooking();
