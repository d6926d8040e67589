// The list of appointments at the left of the staff page, and the form for a new one.

import { ask } from "./asking.js";
import { waitsAlone } from "./attention.js";
import { clock, countdown, day, said, word } from "./words.js";

const PHASES = {
  "not-yet": { word: "phase-not-yet" },
  open: { word: "phase-open" },
  "in-use": { word: "phase-in-use" },
  over: { word: "phase-over" },
  revoked: { word: "phase-revoked" },
};
const WHY = {
  counter: { word: "why-counter" },
  starts: { word: "why-starts" },
  past: { word: "why-past" },
  "too-far": { word: "why-too-far" },
  length: { word: "why-length" },
  sites: { word: "why-sites" },
  remark: { word: "why-remark" },
  sent: { word: "why-sent" },
  "signed-out": { word: "trouble-signed-out" },
  server: { word: "why-server" },
};
const READ_EACH_MS = 3000;
/** A family that is not there so long after the start is marked. */
const LATE_MS = 3 * 60_000;
/** What failed is said for so long. */
const SAID_MS = 30_000;

/**
 * Reads the list again and again; `choose(appointment)` takes a seat, `confirm` asks before a withdrawal, `busy()` says
 * whether leaving the page would cost the clerk something, and `signIn()` asks for the password.
 */
export class Appointments {
  #list = document.getElementById("appointments");
  #find = document.getElementById("find");
  #known = null;
  #ahead = 0;
  #shown = "";

  /** Why something was not done, until it is. */
  #failed = null;
  #failures = 0;

  constructor({ choose, confirm, busy, signIn, onList, onTrouble }) {
    Object.assign(this, { choose, confirm, busy, signIn, onList, onTrouble, seated: null });
    this.#wireForm();
    this.#find.addEventListener("input", () => this.draw());
  }

  async start() {
    await this.read();
    setInterval(() => this.read(), READ_EACH_MS);
    setInterval(() => this.#tick(), 1000);
  }

  /** Reads the list once; `false` when nobody is signed in, `null` when it is not known. */
  async read() {
    const answer = await ask("/api/appointments");
    if (answer?.status === 401) {
      // Nothing is torn away that somebody needs: the page says so, and the clerk signs in on it.
      if (this.busy()) {
        this.onTrouble({ word: "trouble-signed-out" });
      } else {
        location.assign("/sign-in");
      }
      return false;
    }
    if (!answer?.ok) {
      // One slow answer is no news.
      this.#failures += 1;
      if (this.#failures > 1) {
        this.onTrouble(this.#failed ?? { word: "trouble-server" });
      }
      return null;
    }
    this.#failures = 0;
    this.#known = await answer.json();
    this.#ahead = Date.parse(this.#known.server_time) - Date.now();
    this.onTrouble(this.#failed ?? (this.#known.store_trouble ? { word: "trouble-store" } : null));
    this.draw();
    this.onList(this.#known);
    return true;
  }

  draw() {
    if (!this.#known) {
      return;
    }
    const { appointments } = this.#known;
    const drawn = JSON.stringify([appointments, this.seated, this.#find.value, document.documentElement.lang]);
    if (drawn !== this.#shown) {
      this.#shown = drawn;
      const focused = document.activeElement?.dataset?.testid;
      const current = appointments.filter(({ state }) => state.phase !== "over" && state.phase !== "revoked");
      // Who waits stands above everything else, and alone above all.
      const urgency = (one) => (waitsAlone(one) ? 2 : one.state.waiting > 0 ? 1 : 0);
      current.sort((one, other) => urgency(other) - urgency(one));
      const wanted = this.#find.value.normalize("NFKC").trim().toUpperCase();
      const fits = (one) => `${one.id} ${said(one.counter)} ${one.remark}`.toUpperCase().includes(wanted);
      const shown = current.filter((one) => fits(one) || urgency(one) > 0);
      const past = appointments.filter((appointment) => !current.includes(appointment) && fits(appointment)).slice(-5);
      this.#list.replaceChildren(...[...shown, ...past].map((appointment) => this.#card(appointment)));
      if (shown.length + past.length === 0) {
        this.#list.replaceChildren(element("li", "quiet", word(wanted ? "find-nothing" : "no-appointments")));
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
    const number = element("p", "quiet number", word("number", { number: id }));
    card.append(head, element("p", "", said(appointment.counter)), number);
    card.classList.toggle("alone", waitsAlone(appointment));
    if (appointment.remark) {
      card.append(element("p", "quiet", appointment.remark));
    }
    const badge = element("p", "badge", word(PHASES[state.phase].word));
    if (waitsAlone(appointment)) {
      badge.textContent = word("phase-alone");
      badge.classList.add("calls");
    } else if (state.waiting > 0) {
      badge.textContent = word("phase-waiting");
      badge.classList.add("calls");
    } else if (state.burnt) {
      badge.textContent = word("phase-burnt");
    }
    const rest = element("span", "rest");
    badge.append(" ", rest);
    Object.assign(rest.dataset, { phase: state.phase, guests: state.guests, starts: slot.starts, opens: slot.opens, ends: slot.ends });
    card.append(badge);
    if (state.phase !== "over" && state.phase !== "revoked") {
      const row = element("div", "row");
      const join = element("button", id === this.seated ? "" : "primary", word(id === this.seated ? "seated" : "take-seat"));
      const which = `${start} ${said(appointment.counter)} ${id}`;
      join.setAttribute("aria-label", `${join.textContent} ${which}`);
      Object.assign(join, { type: "button", disabled: id === this.seated });
      join.dataset.testid = `join-${id}`;
      join.addEventListener("click", () => this.choose(appointment));
      const revoke = element("button", "small", word("revoke"));
      revoke.type = "button";
      revoke.setAttribute("aria-label", `${word("revoke")} ${which}`);
      revoke.dataset.testid = `revoke-${id}`;
      revoke.addEventListener("click", () => this.#revoke(appointment));
      const paper = element("button", "small", word("paper-again"));
      paper.type = "button";
      paper.dataset.testid = `paper-${id}`;
      paper.setAttribute("aria-label", `${word("paper-again")} ${which}`);
      paper.addEventListener("click", () => this.#paperAgain(appointment));
      row.append(join, revoke, paper);
      card.append(row);
    }
    return card;
  }

  #tick() {
    const now = Date.now() + this.#ahead;
    for (const rest of this.#list.querySelectorAll(".rest")) {
      const { phase, guests, starts, ends } = rest.dataset;
      const late = guests === "0" && now > Date.parse(starts) + LATE_MS;
      if (phase === "over" || phase === "revoked") {
        rest.textContent = "";
      } else if (now < Date.parse(starts)) {
        const until = Date.parse(starts) - now;
        rest.textContent = until < 36e5 ? word("starts-in", { time: countdown(until) }) : "";
      } else {
        const left = word("ends-in", { time: countdown(Date.parse(ends) - now) });
        rest.textContent = late ? `${left} · ${word("late")}` : left;
      }
    }
  }

  /** The old paper's key dies with the new one, so it is asked first. */
  async #paperAgain({ id }) {
    if (await this.confirm(word("paper-title"), word("paper-text", { number: id }), word("paper-do"), "primary")) {
      const form = element("form");
      Object.assign(form, { method: "post", action: `/sheet/${id}?language=${document.documentElement.lang}`, target: "_blank", hidden: true });
      document.body.append(form);
      form.submit();
      form.remove();
    }
  }

  async #revoke(appointment) {
    const zone = this.#known.time_zone;
    const when = `${day(appointment.slot.starts, zone)} ${clock(appointment.slot.starts, zone)}`;
    if (await this.confirm(word("revoke-title"), word("revoke-text", { when }), word("revoke"))) {
      const answer = await ask(`/api/appointments/${appointment.id}/revoke`, { method: "POST" });
      this.#failed = answer?.ok ? null : { word: answer?.status === 401 ? "trouble-signed-out" : "trouble-revoke" };
      await this.read();
      if (this.#failed) {
        this.onTrouble(this.#failed);
        setTimeout(() => {
          this.#failed = null;
        }, SAID_MS);
      }
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
    const starts = document.getElementById("make-starts");
    form.addEventListener("input", () => this.#explain({}));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const { refused, warning } = await this.#check(new URLSearchParams(new FormData(form)));
      this.#explain(refused ?? {});
      if (refused?.why === "signed-out") {
        this.signIn();
        return;
      }
      if (refused) {
        document.getElementById(`make-${refused.field}`)?.focus();
        return;
      }
      if (warning && !(await this.confirm(word("double-title"), word("double-text", { number: warning }), word("double-do")))) {
        starts.focus();
        return;
      }
      document.getElementById("make-language").value = document.documentElement.lang;
      // Shown once, in a window of its own; a press is still near enough for a browser to allow it.
      form.submit();
      dialog.close();
      setTimeout(() => this.read(), 1000);
    });
  }

  /** Whether the server would make this appointment: `refused` names a field and the words for it. */
  async #check(asked) {
    if (!Number.isInteger(Number(asked.get("minutes") || NaN))) {
      return { refused: { field: "minutes", why: "length" } };
    }
    const answer = await ask("/api/appointments/check", { method: "POST", body: asked });
    if (answer?.ok) {
      return await answer.json();
    }
    return { refused: { field: null, why: answer?.status === 401 ? "signed-out" : "server" } };
  }

  /** Says what is wrong, at the field that is to be changed. */
  #explain({ field = null, why = null }) {
    const problem = document.getElementById("make-problem");
    problem.hidden = why === null;
    problem.textContent = why ? word(WHY[why]?.word ?? WHY.server.word) : "";
    for (const input of document.querySelectorAll("#make-form [name]")) {
      input.toggleAttribute("aria-invalid", false);
      input.removeAttribute("aria-describedby");
    }
    const wrong = field && document.getElementById(`make-${field}`);
    if (wrong) {
      wrong.setAttribute("aria-invalid", "true");
      wrong.setAttribute("aria-describedby", "make-problem");
      wrong.closest("label").append(problem);
    } else {
      document.querySelector("#make-form > .row").before(problem);
    }
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
