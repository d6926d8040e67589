// Own camera, microphone and shared screen: opened when asked, and stopped by whoever opened them.

import { word } from "./words.js";

/** Why something is missing, in words. */
const PROBLEMS = {
  denied: { word: "device-denied" },
  missing: { word: "device-missing" },
  busy: { word: "device-busy" },
  insecure: { word: "device-insecure" },
  lost: { word: "device-lost" },
};
/** Pause before what is missing is tried again without being asked. */
const AGAIN_MS = 1000;
const WANTED = {
  microphone: { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } },
  camera: { video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } } },
};
const KINDS = Object.keys(WANTED);

/**
 * Own camera and microphone, kept open: what ends (unplugged, taken by another program, a phone that was locked) is
 * opened again when it is back, whichever device that is. `problem` says why something is missing.
 */
export class Devices {
  microphone = null;
  camera = null;
  problem = null;
  #wanted = false;
  #work = Promise.resolve();
  #timer = null;
  #changed;

  /** `changed` is called whenever something came or went. */
  constructor(changed) {
    this.#changed = changed;
    navigator.mediaDevices?.addEventListener("devicechange", async () => {
      await this.restore();
      changed();
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) {
        this.restore();
      }
    });
  }

  /** Opens both; the browser may ask the person. */
  async open() {
    this.#wanted = true;
    await this.#next(() => this.#fill());
  }

  /** What is to be said about what is missing; empty when nothing is. */
  get words() {
    return this.problem ? word(PROBLEMS[this.problem].word) : "";
  }

  /** What stands on the button of a device: what a press would change, or that nothing is there. */
  label(kind, off) {
    if (!this.works(kind)) {
      return word(kind === "microphone" ? "microphone-none" : "camera-none");
    }
    return word(kind === "microphone" ? (off ? "microphone-off" : "microphone-on") : off ? "camera-off" : "camera-on");
  }

  /** Opens what is missing, without asking anybody. */
  async restore() {
    await this.#next(async () => {
      if (this.#missing().length > 0 && (await this.#mayAsk())) {
        await this.#fill();
      }
    });
  }

  /** Looks through this camera instead. */
  async look(deviceId) {
    await this.#next(async () => {
      if (!this.#wanted) {
        return;
      }
      const opened = await ask({ video: { ...WANTED.camera.video, deviceId: { exact: deviceId } } });
      if (!this.#wanted) {
        // The seat was left meanwhile.
        opened.camera?.stop();
      } else if (opened.camera) {
        this.#take("camera", opened.camera);
      }
    });
  }

  close() {
    this.#wanted = false;
    clearTimeout(this.#timer);
    for (const kind of KINDS) {
      this[kind]?.stop();
      this[kind] = null;
    }
    this.problem = null;
  }

  /** Whether something of this kind is there and gives anything: a phone takes a microphone away for a while. */
  works(kind) {
    return this[kind] !== null && !this[kind].muted;
  }

  #missing() {
    return this.#wanted ? KINDS.filter((kind) => !this[kind]) : [];
  }

  /** One thing after the other; the page is told when something is different afterwards. */
  #next(work) {
    const one = async () => {
      const before = [this.microphone, this.camera, this.problem];
      await work();
      if (before.some((what, at) => what !== [this.microphone, this.camera, this.problem][at])) {
        this.#changed();
      }
    };
    this.#work = this.#work.then(one, one);
    return this.#work;
  }

  async #fill() {
    const missing = this.#missing();
    if (missing.length === 0) {
      return;
    }
    let opened = await ask(Object.assign({}, ...missing.map((kind) => WANTED[kind])));
    const problem = opened.problem;
    if (problem && missing.length > 1) {
      const each = [];
      for (const kind of missing) {
        each.push(await ask(WANTED[kind]));
      }
      opened = { microphone: each[0].microphone, camera: each[1].camera };
    }
    for (const kind of missing) {
      if (!this.#wanted) {
        opened[kind]?.stop();
      } else if (opened[kind]) {
        this.#take(kind, opened[kind]);
      }
    }
    this.problem = this.#missing().length > 0 ? problem : null;
    this.#tryAgain();
  }

  #take(kind, track) {
    this[kind]?.stop();
    this[kind] = track;
    track.addEventListener("ended", () => {
      if (this[kind] === track) {
        this[kind] = null;
        this.problem = "lost";
        this.#changed();
        this.#tryAgain();
      }
    });
    for (const change of ["mute", "unmute"]) {
      track.addEventListener(change, () => this.#changed());
    }
  }

  #tryAgain() {
    clearTimeout(this.#timer);
    if (this.#missing().length > 0) {
      this.#timer = setTimeout(() => this.restore(), AGAIN_MS);
    }
  }

  /** A browser that would ask the person again is left alone until something was plugged in. */
  async #mayAsk() {
    if (document.hidden || !navigator.mediaDevices) {
      return false;
    }
    const devices = await navigator.mediaDevices.enumerateDevices();
    const there = { microphone: "audioinput", camera: "videoinput" };
    for (const kind of this.#missing()) {
      const allowed = await permission(kind);
      if (allowed !== "denied" && devices.some((device) => device.kind === there[kind] && (allowed === "granted" || device.label))) {
        return true;
      }
    }
    this.#tryAgain();
    return false;
  }
}

/** A shared screen: at most one, and none once it was stopped, however late the browser's question is answered. */
export class Share {
  track = null;
  #wanted = 0;
  #changed;

  /** `changed` is called whenever a share begins or ends. */
  constructor(changed) {
    this.#changed = changed;
  }

  async start() {
    this.#wanted += 1;
    const wanted = this.#wanted;
    let stream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 15 } });
    } catch {
      // The clerk closed the browser's question: nothing is shared.
      return;
    }
    const [track, ...others] = stream.getTracks().filter(({ kind }) => kind === "video");
    others.forEach((other) => other.stop());
    if (wanted !== this.#wanted || !track) {
      track?.stop();
      return;
    }
    this.track?.stop();
    this.track = track;
    track.contentHint = "detail";
    track.addEventListener("ended", () => {
      if (this.track === track) {
        this.track = null;
        this.#changed();
      }
    });
    this.#changed();
  }

  /** Stops it, and a question that is still open counts for nothing. */
  stop() {
    this.#wanted += 1;
    if (this.track) {
      this.track.stop();
      this.track = null;
      this.#changed();
    }
  }
}

async function permission(name) {
  try {
    return (await navigator.permissions.query({ name })).state;
  } catch {
    return "unknown";
  }
}

async function ask(wanted) {
  if (!navigator.mediaDevices) {
    return { microphone: null, camera: null, problem: "insecure" };
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    return { microphone: stream.getAudioTracks()[0] ?? null, camera: stream.getVideoTracks()[0] ?? null, problem: null };
  } catch (error) {
    return { microphone: null, camera: null, problem: reason(error) };
  }
}

function reason(error) {
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      return "busy";
  }
}
