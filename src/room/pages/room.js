// One seat in a room: the WebSocket, coming back to the seat after a lost line, and the server's clock.

const VERSION = 1;
/** A page that slept for so long (a locked phone) has been given up by the server, which hears nothing for 25 s. */
const SLEPT_MS = 20_000;
const ENDED_FOR_GOOD = ["left", "ended", "let-leave", "slot-over", "revoked", "misbehaved", "replaced"];

/** Talks with the room server. `on` has a function per kind of message, and `line(up)` for the line itself. */
export class Room {
  #socket = null;
  #resume = null;
  #over = false;
  #tries = 0;
  #timer = null;
  #beat = null;
  #seated = false;
  #listening = new AbortController();

  constructor({ proof, language, abilities, on }) {
    Object.assign(this, { proof, language, abilities, on });
    this.clockAhead = 0;
    this.you = null;
    const { signal } = this.#listening;
    for (const [target, event] of [[document, "visibilitychange"], [window, "online"], [window, "pageshow"]]) {
      target.addEventListener(event, () => this.#hurry(), { signal });
    }
    let last = Date.now();
    this.#beat = setInterval(() => {
      if (Date.now() - last > SLEPT_MS) {
        this.#hurry(true);
      }
      last = Date.now();
    }, 1000);
  }

  /** Resumes a seat of an earlier page, if the server still keeps it. */
  resumeWith(token) {
    this.#resume = token;
    this.open();
  }

  open() {
    clearTimeout(this.#timer);
    this.#seated = false;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws`);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      const proof = this.#resume ? { by: "resume", token: this.#resume } : this.proof;
      if (!proof) {
        this.#finish("resume-expired");
        return;
      }
      const { language, abilities } = this;
      this.say({ kind: "hello", version: VERSION, proof, language, abilities });
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) {
        this.#hear(JSON.parse(event.data));
      }
    });
    socket.addEventListener("close", () => this.#lost(socket));
  }

  /** Without a seat only a hello and a bye have a meaning. */
  say(message) {
    const may = this.#seated || message.kind === "hello" || message.kind === "bye";
    if (may && this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(message));
    }
  }

  /** Leaves for good. */
  leave() {
    this.#end();
    this.say({ kind: "bye", reason: "left" });
    this.#socket?.close();
  }

  /** The server's time in milliseconds: the one that counts. */
  now() {
    return Date.now() + this.clockAhead;
  }

  #hear(message) {
    if (message.kind === "welcome") {
      this.clockAhead = Date.parse(message.server_time) - Date.now();
      this.you = message.you;
      message.resumed = this.#resume !== null;
      this.#resume = message.resume;
      this.#tries = 0;
      this.#seated = true;
      this.on.line?.(true);
    } else if (message.kind === "refused") {
      if (message.why === "resume-expired" && this.proof) {
        this.#resume = null;
        return;
      }
      if (message.why === "too-many-tries" || message.why === "busy") {
        this.#tries = Math.max(this.#tries, 3);
        this.on.refused?.(message);
        return;
      }
      this.#finish(message.why);
    } else if (message.kind === "bye" && ENDED_FOR_GOOD.includes(message.reason)) {
      this.#end();
    }
    this.on[message.kind.replaceAll("-", "_")]?.(message);
  }

  /** Comes back at once, not when a timer is due. */
  #hurry(slept = false) {
    const socket = this.#socket;
    if (!this.#over && socket && !document.hidden && (slept || socket.readyState === WebSocket.CLOSED)) {
      this.#tries = 0;
      this.open();
      socket.close();
    }
  }

  #end() {
    this.#over = true;
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    this.#listening.abort();
  }

  #finish(why) {
    this.#end();
    this.on.refused?.({ kind: "refused", why });
    this.#socket?.close();
  }

  #lost(socket) {
    if (this.#over || socket !== this.#socket) {
      return;
    }
    this.on.line?.(false);
    this.#tries += 1;
    this.#timer = setTimeout(() => this.open(), Math.min(300 * 2 ** (this.#tries - 1), 5000));
  }
}
