// The list of appointments at the left of the staff page, and the form for a new one.

import { clock, countdown, day, said, word } from "./words.js";

const PHASES = {
  "not-yet": { word: "phase-not-yet" },
  open: { word: "phase-open" },
  "in-use": { word: "phase-in-use" },
  over: { word: "phase-over" },
  revoked: { word: "phase-revoked" },
};
const READ_EACH_MS = 3000;

/** Reads the list again and again; `choose(appointment)` takes a seat, `confirm` asks before a withdrawal. */
export class Appointments {
  #list = document.getElementById("appointments");
  #known = null;
  #ahead = 0;
  #shown = "";

  constructor({ choose, confirm, onList }) {
    Object.assign(this, { choose, confirm, onList, seated: null });
    this.#wireForm();
  }

  async start() {
    await this.read();
    setInterval(() => this.read(), READ_EACH_MS);
    setInterval(() => this.#tick(), 1000);
  }

  async read() {
    let answer;
    try {
      answer = await fetch("/api/appointments");
    } catch {
      return;
    }
    if (answer.status === 401) {
      location.assign("/sign-in");
      return;
    }
    if (answer.ok) {
      this.#known = await answer.json();
      this.#ahead = Date.parse(this.#known.server_time) - Date.now();
      this.draw();
      this.onList(this.#known);
    }
  }

  draw() {
    if (!this.#known) {
      return;
    }
    const { appointments } = this.#known;
    const drawn = JSON.stringify([appointments, this.seated, document.documentElement.lang]);
    if (drawn !== this.#shown) {
      this.#shown = drawn;
      const focused = document.activeElement?.dataset?.testid;
      const current = appointments.filter(({ state }) => state.phase !== "over" && state.phase !== "revoked");
      const past = appointments.filter((appointment) => !current.includes(appointment)).slice(-5);
      this.#list.replaceChildren(...[...current, ...past].map((appointment) => this.#card(appointment)));
      if (appointments.length === 0) {
        this.#list.replaceChildren(element("li", "quiet", word("no-appointments")));
      }
      // Drawing the list anew must not lose the place of somebody at the keyboard.
      if (focused && this.#list.querySelector(`[data-testid="${CSS.escape(focused)}"]`)) {
        this.#list.querySelector(`[data-testid="${CSS.escape(focused)}"]`).focus();
      }
    }
    this.#tick();
  }

  #card(appointment) {
    const { id, slot, state } = appointment;
    const zone = this.#known.time_zone;
    const card = element("li", "card");
    Object.assign(card.dataset, { testid: `appointment-${id}`, phase: state.phase, waiting: state.waiting });
    card.classList.toggle("chosen", id === this.seated);
    const head = element("p", "when");
    const [start, end] = [clock(slot.starts, zone), clock(slot.ends, zone)];
    head.append(element("strong", "", `${start}–${end}`), element("span", "quiet", day(slot.starts, zone)));
    card.append(head, element("p", "", said(appointment.counter)));
    if (appointment.remark) {
      card.append(element("p", "quiet", appointment.remark));
    }
    const badge = element("p", "badge", word(PHASES[state.phase].word));
    if (state.waiting > 0) {
      badge.textContent = word("phase-waiting");
      badge.classList.add("calls");
    } else if (state.burnt) {
      badge.textContent = word("phase-burnt");
    }
    const rest = element("span", "rest");
    badge.append(" ", rest);
    Object.assign(rest.dataset, { phase: state.phase, starts: slot.starts, opens: slot.opens, ends: slot.ends });
    card.append(badge);
    if (state.phase !== "over" && state.phase !== "revoked") {
      const row = element("div", "row");
      const join = element("button", id === this.seated ? "" : "primary", word(id === this.seated ? "seated" : "take-seat"));
      Object.assign(join, { type: "button", disabled: id === this.seated });
      join.dataset.testid = `join-${id}`;
      join.addEventListener("click", () => this.choose(appointment));
      const revoke = element("button", "small", word("revoke"));
      revoke.type = "button";
      revoke.dataset.testid = `revoke-${id}`;
      revoke.addEventListener("click", () => this.#revoke(appointment));
      row.append(join, revoke);
      card.append(row);
    }
    return card;
  }

  #tick() {
    const now = Date.now() + this.#ahead;
    for (const rest of this.#list.querySelectorAll(".rest")) {
      const { phase, starts, ends } = rest.dataset;
      if (phase === "over" || phase === "revoked") {
        rest.textContent = "";
      } else if (now < Date.parse(starts)) {
        const until = Date.parse(starts) - now;
        rest.textContent = until < 36e5 ? word("starts-in", { time: countdown(until) }) : "";
      } else {
        rest.textContent = word("ends-in", { time: countdown(Date.parse(ends) - now) });
      }
    }
  }

  async #revoke(appointment) {
    const zone = this.#known.time_zone;
    const when = `${day(appointment.slot.starts, zone)} ${clock(appointment.slot.starts, zone)}`;
    if (await this.confirm(word("revoke-title"), word("revoke-text", { when }), word("revoke"))) {
      await fetch(`/api/appointments/${appointment.id}/revoke`, { method: "POST" });
      await this.read();
    }
  }

  #wireForm() {
    const dialog = document.getElementById("make");
    const form = document.getElementById("make-form");
    const counters = document.getElementById("make-counter");
    document.getElementById("new").addEventListener("click", () => {
      counters.replaceChildren(...(this.#known?.counters ?? []).map((counter) => {
        const option = element("option", "", said(counter.name));
        option.value = counter.id;
        return option;
      }));
      document.getElementById("make-nonce").value = crypto.randomUUID();
      document.getElementById("make-starts").value = this.#nextQuarter();
      dialog.showModal();
    });
    document.getElementById("make-cancel").addEventListener("click", () => dialog.close());
    form.addEventListener("submit", () => {
      dialog.close();
      setTimeout(() => this.read(), 1000);
    });
  }

  /** The next quarter of an hour at the counter, as the form's field wants it. */
  #nextQuarter() {
    const quarter = 15 * 60_000;
    const time = new Date(Math.ceil((Date.now() + this.#ahead) / quarter) * quarter);
    const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false };
    const local = new Intl.DateTimeFormat("sv", { ...parts, timeZone: this.#known?.time_zone }).format(time);
    return local.replace(" ", "T");
  }
}

function element(name, classes = "", text = "") {
  const made = document.createElement(name);
  made.className = classes;
  made.textContent = text;
  return made;
}
