// How long the clerk stays signed in, and signing in again beside whatever goes on.

import { ask } from "./asking.js";
import { onLanguage, word } from "./words.js";

/** So long before the end it is said. */
const SOON_MS = 15 * 60_000;
/** Who listens to the page hears it at these minutes, and not each of them. */
const HEARD_AT = [15, 5, 1];
const $ = (id) => document.getElementById(id);

/** `onBack()` is called once the clerk is signed in again. */
export class SignedIn {
  #staff = "";
  #until = null;
  #ahead = 0;
  /** It is known to have ended. */
  #over = false;
  #minutes = null;
  #from = null;
  #announce;
  #onBack;

  constructor({ announce, onBack }) {
    [this.#announce, this.#onBack] = [announce, onBack];
    for (const id of ["trouble-sign-in", "sign-in-extend"]) {
      $(id).addEventListener("click", () => this.ask());
    }
    $("sign-in-cancel").addEventListener("click", () => this.#close());
    $("sign-in").addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        this.#close();
      }
    });
    $("sign-in-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    onLanguage(() => {
      this.#say("");
      this.#draw();
    });
    setInterval(() => this.#draw(), 1000);
  }

  /** What the server's list says. */
  look({ staff, signed_in_until: until, server_time: now }) {
    this.#staff = staff;
    this.#until = Date.parse(until);
    this.#ahead = Date.parse(now) - Date.now();
    this.#draw();
  }

  /** Whether the sign-in has ended, as far as the server said. */
  isOver(over) {
    this.#over = over;
    this.#draw();
  }

  /** Asks for the password. Beside a call nothing is covered or kept from the keyboard; above another question it is in front. */
  ask() {
    const dialog = $("sign-in");
    if (!dialog.open) {
      this.#from = document.activeElement;
      $("sign-in-name").value = this.#staff;
      $("sign-in-password").value = "";
      this.#say("");
      if (document.querySelector("dialog:modal")) {
        dialog.showModal();
      } else {
        dialog.show();
      }
    }
    $("sign-in-password").focus();
  }

  async #send() {
    const password = $("sign-in-password");
    if (password.value === "") {
      this.#say(word("sign-in-password-missing"));
      return;
    }
    const body = new URLSearchParams({ name: this.#staff, password: password.value });
    const answer = await ask("/api/sign-in", { method: "POST", body });
    if (answer?.ok) {
      this.#announce(word("signed-in-again"));
      this.#close();
      this.#onBack();
      return;
    }
    // What was typed is not known to be wrong when nobody looked at it.
    if (answer?.status === 403 || answer?.status === 429) {
      const { wait_seconds: seconds } = await answer.json();
      password.value = "";
      this.#say(seconds ? word("sign-in-wait", { seconds }) : word("sign-in-password-wrong"));
    } else {
      this.#say(word(answer?.status === 503 ? "sign-in-busy" : "why-server"));
    }
  }

  #say(problem) {
    $("sign-in-problem").textContent = problem;
    $("sign-in-problem").hidden = problem === "";
    $("sign-in-password").toggleAttribute("aria-invalid", false);
    if (problem) {
      $("sign-in-password").setAttribute("aria-invalid", "true");
      $("sign-in-password").focus();
    }
  }

  #close() {
    $("sign-in-password").value = "";
    $("sign-in").close();
    this.#from?.focus?.();
  }

  #draw() {
    const left = this.#until === null ? Infinity : this.#until - Date.now() - this.#ahead;
    const soon = left <= SOON_MS && !this.#over;
    const minutes = Math.max(1, Math.ceil(left / 60_000));
    $("sign-in-soon").hidden = !soon;
    $("sign-in-soon-text").textContent = soon ? word("sign-in-soon", { minutes }) : "";
    if (soon && minutes !== this.#minutes && HEARD_AT.includes(minutes)) {
      this.#announce(word("sign-in-soon", { minutes }));
    }
    this.#minutes = soon ? minutes : null;
  }
}
