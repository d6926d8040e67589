// The form for a new appointment.

import { ask } from "./asking.js";
import { answered, explain, local } from "./form.js";
import { languageName, languages, said, word } from "./words.js";

const QUARTER_MS = 15 * 60_000;
const $ = (id) => document.getElementById(id);

/** An appointment whose paper is in `first`; the others can be chosen on the device. */
function spokenFirst(first) {
  const all = [first, ...languages().filter((other) => other !== first)];
  const option = new Option(all.map((tag) => languageName(tag, tag)).join("・"), all.join(" "));
  option.lang = first;
  return option;
}

/** `list()` is the newest list, `now()` the server's time, `onMade()` is called when one may have been made. */
export class Make {
  constructor({ list, now, confirm, signIn, onMade }) {
    Object.assign(this, { list, now, confirm, signIn, onMade });
    $("make-languages").replaceChildren(...languages().map(spokenFirst));
    $("new").addEventListener("click", () => this.#open());
    $("make-cancel").addEventListener("click", () => $("make").close());
    $("make-form").addEventListener("input", () => explain("make", null));
    $("make-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  #open() {
    const { counters = [], time_zone: zone } = this.list() ?? {};
    $("make-counter").replaceChildren(...counters.map((counter) => new Option(said(counter.name), counter.id)));
    $("make-nonce").value = crypto.randomUUID();
    $("make-starts").value = local(Math.ceil(this.now() / QUARTER_MS) * QUARTER_MS, zone);
    explain("make", null);
    $("make").showModal();
  }

  async #send() {
    const form = $("make-form");
    const { refused, warning } = await this.#check(new URLSearchParams(new FormData(form)));
    explain("make", refused);
    if (refused) {
      if (refused.why === "signed-out") {
        this.signIn();
      }
      return;
    }
    if (warning && !(await this.confirm(word("double-title"), word("double-text", { number: warning }), word("double-do")))) {
      $("make-starts").focus();
      return;
    }
    $("make-language").value = document.documentElement.lang;
    // Shown once, in a window of its own; a press is still near enough for a browser to allow it.
    form.submit();
    $("make").close();
    setTimeout(() => this.onMade(), 1000);
  }

  /** Whether the server would make this appointment: `refused` names a field and the words for it. */
  async #check(asked) {
    if (!Number.isInteger(Number(asked.get("minutes") || NaN))) {
      return { refused: { field: "minutes", why: "length" } };
    }
    return await answered(await ask("/api/appointments/check", { method: "POST", body: asked }));
  }
}
