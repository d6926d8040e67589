// A family that waits with nobody at its counter calls for attention, whichever page or program the clerk looks at.

import { clock, said, word } from "./words.js";

const SOUND_EACH_MS = 30_000;

/** Whether somebody waits there alone: let in by nobody, or left by everybody. Who still reads the rules does not wait yet. */
export function waitsAlone({ state }) {
  return state.agreed > 0 && state.staff === 0 && state.phase !== "over" && state.phase !== "revoked";
}

/** Looks at each list: title, screen reader, sound and, where it is allowed, a notification of the system. */
export class Attention {
  #known = new Set();
  #sounded = -Infinity;
  #announce;

  constructor({ announce }) {
    this.#announce = announce;
    // A browser asks only after a press.
    document.addEventListener("click", () => {
      if (window.Notification?.permission === "default") {
        Notification.requestPermission().catch(() => {});
      }
    }, { once: true });
  }

  /** `seated` is where the clerk is: there is no need to be led there. */
  look({ appointments, time_zone: zone }, seated) {
    // Who may take no seat there can do nothing about it.
    const own = appointments.filter((one) => one.may_sit);
    const calling = own.filter((one) => one.state.waiting > 0 || waitsAlone(one));
    document.title = `${calling.length > 0 ? `(${calling.length}) ` : ""}${word("title-staff")}`;
    const fresh = calling.filter(({ id }) => !this.#known.has(id));
    this.#known = new Set(calling.map(({ id }) => id));
    for (const { counter, slot } of fresh) {
      const text = word("calls", { counter: said(counter), time: clock(slot.starts, zone) });
      this.#announce(text);
      this.#notify(text);
    }
    const alone = own.some(waitsAlone);
    document.body.dataset.calling = String(calling.length);
    // In a small window the list may be out of sight.
    const sign = document.getElementById("calling");
    const elsewhere = calling.filter(({ id }) => id !== seated);
    sign.hidden = elsewhere.length === 0;
    sign.textContent = word("calling-count", { count: elsewhere.length });
    if (fresh.length > 0 || (alone && performance.now() - this.#sounded > SOUND_EACH_MS)) {
      this.#sound();
    }
  }

  #notify(text) {
    if (!document.hidden || window.Notification?.permission !== "granted") {
      return;
    }
    try {
      const shown = new Notification(word("title-staff"), { body: text, tag: "waiting" });
      shown.addEventListener("click", () => window.focus());
    } catch {
      // Phones show none from a page.
    }
  }

  /** Two soft tones. Before the first press on the page a browser may keep them. */
  #sound() {
    this.#sounded = performance.now();
    document.body.dataset.sounded = String(Number(document.body.dataset.sounded ?? 0) + 1);
    const context = new AudioContext();
    const gain = context.createGain();
    gain.connect(context.destination);
    gain.gain.value = 0.15;
    [660, 880].forEach((frequency, at) => {
      const tone = new OscillatorNode(context, { frequency });
      tone.connect(gain);
      tone.start(context.currentTime + at * 0.22);
      tone.stop(context.currentTime + at * 0.22 + 0.2);
    });
    setTimeout(() => context.close(), 1000);
  }
}
