// Live events, read with fetch: an EventSource hides the status of a refusal and the server's
// pings, and without those nobody can tell a quiet panel from a network that is gone.

const URL_OF_EVENTS = "/api/v1/events";
const SILENCE = 30_000; // the server pings every 20 s
const CONNECT = 10_000;
const WAITS = [500, 1000, 2000, 4000, 8000];

/** Reads server-sent events out of pieces of text; calls `emit({id, type, data})`. */
export class Parser {
  #rest = "";
  #event = { id: "", type: "message", data: [] };

  constructor(emit) {
    this.emit = emit;
  }

  feed(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line.replace(/\r$/, ""));
  }

  #line(line) {
    if (line === "") return this.#end();
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (name === "data") this.#event.data.push(value);
    else if (name === "event") this.#event.type = value;
    else if (name === "id") this.#event.id = value;
  }

  #end() {
    const { id, type, data } = this.#event;
    this.#event = { id: "", type: "message", data: [] };
    if (data.length) this.emit({ id, type, data: data.join("\n") });
  }
}

/**
 * The server's events, for as long as it takes: connects again by itself.
 *
 * Fires each event of the server by its type, with the data in `detail`; "state" with "connecting",
 * "live", "offline" or "paused"; and "unauthorized" when the session has ended, after which it stands still.
 */
export class EventStream extends EventTarget {
  #last = "";
  #failures = 0;
  #heard = 0;
  #attempt = null;
  #alarm = 0;
  #timer = 0;
  state = "stopped";

  start() {
    if (this.state !== "stopped") return;
    this.#failures = 0;
    this.#connect();
  }

  stop() {
    this.#drop();
    this.#last = "";
    this.#become("stopped");
  }

  /** Do without a connection until `wake`; what is missed meanwhile is asked for then. */
  pause() {
    if (this.state === "stopped") return;
    this.#drop();
    this.#become("paused");
  }

  /** Go on after a pause, or after a sleep in which the connection may have died. */
  wake() {
    if (this.state === "live" && Date.now() - this.#heard < SILENCE) return;
    this.restart();
  }

  /** Leave the connection, if there is one, and connect at once. */
  restart() {
    if (this.state === "stopped") return;
    this.#failures = 0;
    this.#drop();
    this.#connect();
  }

  /** Take the connection for dead, and try again soon. */
  lost() {
    if (["stopped", "paused"].includes(this.state)) return;
    this.#drop();
    this.#later();
  }

  async #connect() {
    const attempt = (this.#attempt = new AbortController());
    if (this.state !== "offline") this.#become("connecting");
    this.#expect(CONNECT);
    try {
      await this.#read(attempt.signal);
    } catch (error) {
      // Whatever it was, unless we gave it up ourselves: the answer is to try again.
      if (attempt !== this.#attempt) return;
      if (error.status === 401) return this.#refused();
      console.debug("events:", error);
    }
    if (attempt === this.#attempt) this.lost();
  }

  async #read(signal) {
    const headers = { Accept: "text/event-stream" };
    if (this.#last) headers["Last-Event-ID"] = this.#last;
    const answer = await fetch(URL_OF_EVENTS, {
      headers,
      signal,
      cache: "no-store",
      credentials: "same-origin",
    });
    if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
    this.#failures = 0;
    this.#expect(SILENCE);
    this.#become("live");
    await this.#listen(answer.body.getReader());
  }

  async #listen(reader) {
    const decoder = new TextDecoder();
    const parser = new Parser((event) => this.#take(event));
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#expect(SILENCE);
      parser.feed(decoder.decode(value, { stream: true }));
    }
  }

  #take({ id, type, data }) {
    if (id) this.#last = id;
    this.dispatchEvent(new CustomEvent(type, { detail: JSON.parse(data) }));
  }

  #expect(within) {
    this.#heard = Date.now();
    clearTimeout(this.#alarm);
    this.#alarm = setTimeout(() => this.lost(), within);
  }

  #drop() {
    clearTimeout(this.#alarm);
    clearTimeout(this.#timer);
    const attempt = this.#attempt;
    this.#attempt = null;
    attempt?.abort();
  }

  #later() {
    const wait = WAITS[Math.min(this.#failures, WAITS.length - 1)];
    this.#failures += 1;
    this.#become("offline");
    // Spread, so that a hundred pages do not come back in the same moment.
    this.#timer = setTimeout(() => this.#connect(), wait * (0.75 + Math.random() / 2));
  }

  #refused() {
    this.stop();
    this.dispatchEvent(new Event("unauthorized"));
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
