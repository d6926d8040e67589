// One seat in a room: the WebSocket, coming back to the seat after a lost line, and the server's clock.

const VERSION = 1;
/** A browser's page sees neither ping nor pong: after so long without a word it asks for one ... */
const BEAT_MS = 10_000;
/** ... and gives the line up when none comes: 25 s after the last word, as the server does. */
const ANSWER_MS = 15_000;
/** After a sleep, or with another network, the line is asked at once and has less time. */
const PROBE_MS = 4_000;
/** A beat that comes so late means that the page slept (a locked phone, a closed lid). */
const SLEPT_MS = 20_000;
/** A connection that is not made by then never is (a proxy that swallows it). */
const OPEN_MS = 10_000;
/** Whoever was not seated by then is told so; it is tried on. */
const STUCK_MS = 12_000;
const LONGEST_PAUSE_MS = 5000;

/**
 * Talks with the room server. `on` has a function per kind of message, `line(up)` for the line itself, and `stuck()` when
 * no seat was got for a while. After its end (a refusal, a bye, `leave`) it says, hears and opens nothing any more.
 *
 * `people` is everybody else in the room with role, name and tracks: nobody where an older server does not tell.
 */
export class Room {
  #socket = null;
  #resume = null;
  #over = false;
  #tries = 0;
  #timer = null;
  #beat = null;
  #seated = false;
  #since = performance.now();
  #stuck = false;
  #opened = 0;
  #heard = 0;
  /** When an answer is due. */
  #due = null;
  #listening = new AbortController();

  constructor({ proof, language, abilities, on }) {
    Object.assign(this, { proof, language, abilities, on });
    this.clockAhead = 0;
    this.you = null;
    this.people = [];
    const { signal } = this.#listening;
    for (const [target, event] of [[document, "visibilitychange"], [window, "online"], [window, "offline"], [window, "pageshow"]]) {
      target.addEventListener(event, () => this.hurry(), { signal });
    }
    let last = Date.now();
    this.#beat = setInterval(() => {
      if (Date.now() - last > SLEPT_MS) {
        this.hurry();
      }
      last = Date.now();
      this.#watch();
    }, 1000);
  }

  /** Resumes a seat of an earlier page, if the server still keeps it. */
  resumeWith(token) {
    this.#resume = token;
    this.open();
  }

  open() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#seated = false;
    this.#due = null;
    this.#opened = performance.now();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws`);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      if (socket !== this.#socket || this.#over) {
        socket.close();
        return;
      }
      this.#heard = performance.now();
      const proof = this.#resume ? { by: "resume", token: this.#resume } : this.proof;
      if (!proof) {
        this.#finish("resume-expired");
        return;
      }
      const { language, abilities } = this;
      this.say({ kind: "hello", version: VERSION, proof, language, abilities: [...abilities, "people"] });
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket && !this.#over) {
        this.#hear(read(event.data));
      }
    });
    socket.addEventListener("close", () => this.#lost(socket));
  }

  /** Without a seat only a hello, a beat and a bye have a meaning. */
  say(message) {
    const may = this.#seated || ["hello", "beat", "bye"].includes(message.kind);
    if (may && this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(message));
    }
  }

  /** Leaves for good. */
  leave() {
    if (!this.#over) {
      this.#end();
      this.say({ kind: "bye", reason: "left" });
    }
    this.#socket?.close();
  }

  /** The server's time in milliseconds: the one that counts. */
  now() {
    return Date.now() + this.clockAhead;
  }

  #hear(message) {
    this.#heard = performance.now();
    this.#due = null;
    if (typeof message?.kind !== "string") {
      return;
    }
    if (message.server_time) {
      this.clockAhead = Date.parse(message.server_time) - Date.now();
    }
    if (message.kind === "welcome") {
      this.you = message.you;
      this.people = [];
      message.resumed = this.#resume !== null;
      this.#resume = message.resume;
      this.#tries = 0;
      this.#stuck = false;
      this.#seated = true;
      this.on.line?.(true);
    } else if (message.kind === "people") {
      this.people = message.people ?? [];
    } else if (message.kind === "refused") {
      if (message.why === "resume-expired" && this.proof) {
        this.#resume = null;
        return;
      }
      if (message.why === "not-staff" && this.you !== null) {
        // A sign-in that ended takes no seat away: it is tried on until the clerk has signed in again.
        this.on.signed_out?.();
        return;
      }
      this.#finish(message.why, message.by);
      return;
    } else if (message.kind === "bye" && message.reason !== "server-closing") {
      this.#end();
    }
    this.on[message.kind.replaceAll("-", "_")]?.(message);
  }

  /** Looks once a second whether the line lives. */
  #watch() {
    const now = performance.now();
    if (this.#over || !this.#socket) {
      return;
    }
    if (!this.#seated && !this.#stuck && now - Math.max(this.#since, this.#heard) > STUCK_MS) {
      this.#stuck = true;
      this.on.stuck?.();
    }
    switch (this.#socket.readyState) {
      case WebSocket.CONNECTING:
        if (now - this.#opened > OPEN_MS) {
          this.#giveUp();
        }
        return;
      case WebSocket.OPEN:
        if (this.#due !== null && now > this.#due) {
          this.#giveUp();
        } else if (this.#due === null && now - this.#heard > BEAT_MS) {
          this.#ask(ANSWER_MS);
        }
        return;
      default:
    }
  }

  #ask(within) {
    const due = performance.now() + within;
    this.#due = Math.min(this.#due ?? due, due);
    this.say({ kind: "beat" });
  }

  /** A dead line's own goodbye may take minutes: it is not waited for. */
  #giveUp() {
    const socket = this.#socket;
    this.#lost(socket);
    socket.close();
  }

  /** Something happened to the page or its network: a lost line comes back at once, and one that seems alive is asked. */
  hurry() {
    if (this.#over || !this.#socket || document.hidden || navigator.onLine === false) {
      return;
    }
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#ask(PROBE_MS);
    } else if (this.#socket.readyState === WebSocket.CLOSED || this.#timer !== null) {
      this.#tries = 0;
      this.open();
    }
  }

  #end() {
    this.#over = true;
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    this.#listening.abort();
  }

  #finish(why, by) {
    this.#end();
    this.#socket?.close();
    this.on.refused?.({ kind: "refused", why, by });
  }

  #lost(socket) {
    if (this.#over || socket !== this.#socket || this.#timer !== null) {
      return;
    }
    if (this.#seated) {
      this.#since = performance.now();
    }
    this.#seated = false;
    this.#due = null;
    this.on.line?.(false);
    this.#tries += 1;
    // A whole city must not come back at the same moment.
    const pause = Math.min(300 * 2 ** (this.#tries - 1), LONGEST_PAUSE_MS) * (0.5 + Math.random());
    this.#timer = setTimeout(() => this.open(), pause);
  }
}

/** The server may be newer than a page that stands open: kinds, fields and words that are not known here say nothing. */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
