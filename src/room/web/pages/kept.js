// What a browser keeps for a page, where it may keep anything: with site data blocked, only until the page is closed.

/** One value of `localStorage` or `sessionStorage`. Nothing here throws, whatever the browser allows. */
export class Kept {
  #area;
  #name;
  #here = null;

  constructor(area, name) {
    [this.#area, this.#name] = [area, name];
  }

  get() {
    try {
      return window[this.#area].getItem(this.#name) ?? this.#here;
    } catch {
      return this.#here;
    }
  }

  keep(value) {
    this.#here = value;
    try {
      window[this.#area].setItem(this.#name, value);
    } catch {
      // Blocked or full: it is kept here.
    }
  }

  forget() {
    this.#here = null;
    try {
      window[this.#area].removeItem(this.#name);
    } catch {
      // Blocked: nothing is there.
    }
  }
}
