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
  /** The password was right, and the code is asked for. */
  #second = false;
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
  look({ staff, may_enrol: mayEnrol, signed_in_until: until, server_time: now }) {
    $("factor-add").hidden = !mayEnrol;
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
      this.#asks("password");
      if (document.querySelector("dialog:modal")) {
        dialog.showModal();
      } else {
        dialog.show();
      }
    }
    this.#field().focus();
  }

  /** The password, or after it the code. */
  #asks(what) {
    this.#second = what === "code";
    [$("sign-in-first").hidden, $("sign-in-second").hidden] = [this.#second, !this.#second];
    [$("sign-in-password").value, $("sign-in-code").value] = ["", ""];
    this.#say("");
  }

  #field() {
    return $(this.#second ? "sign-in-code" : "sign-in-password");
  }

  async #send() {
    const [second, field] = [this.#second, this.#field()];
    if (field.value.trim() === "") {
      this.#say(word(second ? "code-empty" : "sign-in-password-missing"));
      return;
    }
    const asked = second ? { code: field.value } : { name: this.#staff, password: field.value };
    const body = new URLSearchParams(asked);
    const answer = await ask(second ? "/api/sign-in/code" : "/api/sign-in", { method: "POST", body });
    if (answer?.status === 202) {
      this.#asks("code");
      this.#field().focus();
      return;
    }
    if (answer?.ok) {
      this.#announce(word("signed-in-again"));
      this.#close();
      this.#onBack();
      return;
    }
    // What was typed is not known to be wrong when nobody looked at it.
    if (answer?.status === 403 || answer?.status === 429) {
      const { wait_seconds: seconds } = await answer.json();
      field.value = "";
      const wrong = word(second ? "code-wrong" : "sign-in-password-wrong");
      this.#say(seconds ? word("sign-in-wait", { seconds }) : wrong);
    } else if (answer?.status === 410) {
      this.#asks("password");
      this.#say(word("sign-in-late"));
    } else if (answer?.status === 409) {
      field.value = "";
      this.#say(word("sign-in-enrol"));
    } else {
      this.#say(word(answer?.status === 503 ? "sign-in-busy" : "why-server"));
    }
  }

  #say(problem) {
    $("sign-in-problem").textContent = problem;
    $("sign-in-problem").hidden = problem === "";
    this.#field().toggleAttribute("aria-invalid", false);
    if (problem) {
      this.#field().setAttribute("aria-invalid", "true");
      this.#field().focus();
    }
  }

  #close() {
    [$("sign-in-password").value, $("sign-in-code").value] = ["", ""];
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
