// One seat in a room: the WebSocket, coming back to the seat after a lost line, and the server's clock.

const VERSION = 1;
const RESUME_MS = 30_000;
const ENDED_FOR_GOOD = ["left", "ended", "let-leave", "slot-over", "revoked", "misbehaved", "replaced"];

/** Talks with the room server. `on` has a function per kind of message, and `line(up)` for the line itself. */
export class Room {
  #socket = null;
  #resume = null;
  #lostAt = null;
  #over = false;
  #tries = 0;
  #timer = null;

  constructor({ proof, language, abilities, on }) {
    Object.assign(this, { proof, language, abilities, on });
    this.clockAhead = 0;
    this.you = null;
  }

  /** Resumes a seat of an earlier page, if the server still keeps it. */
  resumeWith(token) {
    this.#resume = token;
    this.#lostAt = Date.now();
    this.open();
  }

  open() {
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
    socket.addEventListener("message", (event) => this.#hear(JSON.parse(event.data)));
    socket.addEventListener("close", () => this.#lost(socket));
  }

  say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(message));
    }
  }

  /** Leaves for good. */
  leave() {
    this.#over = true;
    clearTimeout(this.#timer);
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
      this.#lostAt = null;
      this.#tries = 0;
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
      this.#over = true;
    }
    this.on[message.kind.replaceAll("-", "_")]?.(message);
  }

  #finish(why) {
    this.#over = true;
    this.on.refused?.({ kind: "refused", why });
    this.#socket?.close();
  }

  #lost(socket) {
    if (this.#over || socket !== this.#socket) {
      return;
    }
    this.#lostAt ??= Date.now();
    if (this.#resume && Date.now() - this.#lostAt > RESUME_MS) {
      this.#resume = null;
    }
    this.on.line?.(false);
    this.#tries += 1;
    this.#timer = setTimeout(() => this.open(), Math.min(300 * 2 ** (this.#tries - 1), 5000));
  }
}
