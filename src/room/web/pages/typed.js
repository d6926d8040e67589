// A key that is typed from the paper, on a PC that reads no code. It goes to the room like a scanned one: never into an address.

import { word } from "./words.js";

/** Letters of a key, as the server draws it. */
export const LETTERS = 26;
const GROUP = 4;
// Crockford's base32 has no I, L, O or U: what looks like a digit is one.
const LOOKS_LIKE = { I: "1", L: "1", O: "0" };

/** What somebody wrote, as a key is written: capitals of normal width without hyphens and spaces, and what stands for a digit as one. */
export function tidied(text) {
  // All that keyboards write for a hyphen, also in Japanese; dots and spaces.
  const bare = text.normalize("NFKC").toUpperCase().replace(/[\s\p{Pd}\u2212\u30fc\u00b7\u30fb._]/gu, "");
  const letters = [...bare].map((letter) => LOOKS_LIKE[letter] ?? letter);
  const wrong = [...new Set(letters.filter((letter) => !/^[0-9A-HJKMNP-TV-Z]$/.test(letter)))];
  return { letters: letters.join(""), count: letters.length, wrong: wrong.join("") };
}

/** In groups, as it stands on the paper. */
export function grouped(letters) {
  return (letters.match(new RegExp(`.{1,${GROUP}}`, "gu")) ?? []).join("-");
}

/** The form on the guest page. */
export class Typed {
  #form = document.getElementById("typed");
  #input = document.getElementById("typed-key");
  #problem = document.getElementById("typed-problem");
  #asked = false;

  /** `enter` is given a key of the right length and letters. */
  constructor(enter) {
    this.#input.addEventListener("input", (event) => {
      if (!event.isComposing) {
        this.#group();
      }
      this.#asked = false;
      this.draw();
    });
    this.#input.addEventListener("compositionend", () => this.#group());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#asked = true;
      this.draw();
      const { letters } = tidied(this.#input.value);
      if (this.#wrong() === "") {
        enter(letters);
      } else {
        this.#input.focus();
      }
    });
  }

  show(wanted) {
    this.#form.hidden = !wanted;
    this.draw();
  }

  /** It led in: it need not be seen by the next who comes to this screen. */
  forget() {
    this.#input.value = "";
    this.#asked = false;
    this.draw();
  }

  draw() {
    const { count } = tidied(this.#input.value);
    document.getElementById("typed-count").textContent = word("typed-count", { count });
    const wrong = this.#asked ? this.#wrong() : "";
    this.#problem.hidden = wrong === "";
    this.#problem.textContent = wrong;
    this.#input.toggleAttribute("aria-invalid", false);
    if (wrong) {
      this.#input.setAttribute("aria-invalid", "true");
    }
  }

  #wrong() {
    const { count, wrong } = tidied(this.#input.value);
    if (wrong) {
      return word("typed-wrong", { letters: wrong });
    }
    if (count < LETTERS) {
      return word("typed-missing", { count: LETTERS - count });
    }
    return count > LETTERS ? word("typed-extra", { count: count - LETTERS }) : "";
  }

  /** While somebody writes at its end, what is written gets its hyphens; in its middle the cursor would jump. */
  #group() {
    if (this.#input.selectionEnd === this.#input.value.length) {
      this.#input.value = grouped(tidied(this.#input.value).letters);
    }
  }
}
