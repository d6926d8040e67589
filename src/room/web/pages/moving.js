// Another time for an appointment: a later end while it goes on, or another start and end before.

import { ask } from "./asking.js";
import { answered, explain, local } from "./form.js";
import { clock, said, word } from "./words.js";

const MINUTE_MS = 60_000;
const $ = (id) => document.getElementById(id);
// A field's time has no zone: it is reckoned with as if it were UTC, and goes back as it came.
const read = (id) => Date.parse(`${$(id).value}Z`);
const write = (id, time) => {
  $(id).value = new Date(time).toISOString().slice(0, 16);
};

/** `now()` is the server's time, `onMoved()` is called when the time was changed. */
export class Moving {
  #id = null;
  /** What the fields held at first: only what was changed is sent. */
  #first = {};
  #length = 0;

  constructor({ now, confirm, signIn, announce, onMoved }) {
    Object.assign(this, { now, confirm, signIn, announce, onMoved });
    $("move-cancel").addEventListener("click", () => $("move").close());
    $("move-form").addEventListener("input", () => explain("move", null));
    $("move-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(false);
    });
    // A start that is changed takes its end along.
    $("move-starts").addEventListener("input", () => {
      if (!Number.isNaN(read("move-starts"))) {
        write("move-ends", read("move-starts") + this.#length);
      }
    });
    $("move-ends").addEventListener("input", () => this.#keepLength());
    for (const button of document.querySelectorAll("[data-later]")) {
      button.addEventListener("click", () => {
        if (!Number.isNaN(read("move-ends"))) {
          write("move-ends", read("move-ends") + Number(button.dataset.later) * MINUTE_MS);
          this.#keepLength();
        }
        explain("move", null);
        $("move-ends").focus();
      });
    }
  }

  open({ id, counter, slot }, zone) {
    this.#id = id;
    const times = { starts: clock(slot.starts, zone), ends: clock(slot.ends, zone) };
    $("move-which").textContent = word("move-which", { number: id, counter: said(counter), ...times });
    this.#first = { starts: local(slot.starts, zone), ends: local(slot.ends, zone) };
    [$("move-starts").value, $("move-ends").value] = [this.#first.starts, this.#first.ends];
    this.#keepLength();
    const begun = Date.parse(slot.starts) <= this.now();
    $("move-starts").disabled = begun;
    $("move-begun").hidden = !begun;
    explain("move", null);
    $("move").showModal();
    $(begun ? "move-ends" : "move-starts").focus();
  }

  #keepLength() {
    const length = read("move-ends") - read("move-starts");
    this.#length = length > 0 ? length : this.#length;
  }

  async #send(confirmed) {
    const changed = Object.entries(this.#first).filter(([field, first]) => !$(`move-${field}`).disabled && $(`move-${field}`).value !== first);
    const body = new URLSearchParams([...changed.map(([field]) => [field, $(`move-${field}`).value]), ["confirmed", confirmed]]);
    const { refused, warning } = await answered(await ask(`/api/appointments/${this.#id}/time`, { method: "POST", body }));
    explain("move", refused);
    if (refused) {
      if (refused.why === "signed-out") {
        this.signIn();
      }
    } else if (!warning) {
      $("move").close();
      this.announce(word("move-done", { number: this.#id }));
      this.onMoved();
    } else if (await this.confirm(word("double-title"), word("move-double-text", { number: warning }), word("move-double-do"))) {
      await this.#send(true);
    } else {
      $("move-ends").focus();
    }
  }
}
