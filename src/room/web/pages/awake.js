// A phone's screen stays on while somebody waits or talks.

/** Keeps a phone's screen on while it is wanted (Screen Wake Lock); `changed` is told whether it is. */
export class Awake {
  #wanted = false;
  #lock = null;
  #asking = false;
  #changed;

  constructor(changed) {
    this.#changed = changed;
    // A browser takes the lock away when the page is hidden.
    document.addEventListener("visibilitychange", () => this.#ask());
  }

  want(wanted) {
    if (wanted === this.#wanted) {
      return;
    }
    this.#wanted = wanted;
    if (wanted) {
      this.#ask();
    } else {
      this.#lock?.release();
    }
  }

  async #ask() {
    if (!this.#wanted || document.hidden || this.#lock || this.#asking || !navigator.wakeLock) {
      return;
    }
    this.#asking = true;
    try {
      const lock = await navigator.wakeLock.request("screen");
      this.#lock = lock;
      lock.addEventListener("release", () => {
        this.#lock = null;
        this.#changed(false);
        this.#ask();
      });
      this.#changed(true);
      if (!this.#wanted) {
        lock.release();
      }
    } catch {
      // A phone that saves its battery says no; the call goes on.
    } finally {
      this.#asking = false;
    }
  }
}
