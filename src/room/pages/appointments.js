// The list of appointments at the left of the staff page.

import { ask } from "./asking.js";
import { waitsAlone } from "./attention.js";
import { Make } from "./make.js";
import { Moving } from "./moving.js";
import { clock, countdown, day, said, word } from "./words.js";

const PHASES = {
  "not-yet": { word: "phase-not-yet" },
  open: { word: "phase-open" },
  "in-use": { word: "phase-in-use" },
  over: { word: "phase-over" },
  revoked: { word: "phase-revoked" },
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
  #moving;

  constructor({ choose, confirm, busy, signIn, announce, onList, onTrouble }) {
    Object.assign(this, { choose, confirm, busy, onList, onTrouble, seated: null, staff: null });
    const [list, now] = [() => this.#known, () => Date.now() + this.#ahead];
    new Make({ list, now, confirm, signIn, onMade: () => this.read() });
    this.#moving = new Moving({ now, confirm, signIn, announce, onMoved: () => this.read() });
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
    this.staff = this.#known.staff;
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
    const colleague = state.held_by !== this.staff ? state.held_by : null;
    const badge = element("p", "badge", word(PHASES[state.phase].word));
    if (waitsAlone(appointment)) {
      badge.textContent = word("phase-alone");
      badge.classList.add("calls");
    } else if (state.waiting > 0) {
      badge.textContent = word("phase-waiting");
      badge.classList.add("calls");
    } else if (state.burnt) {
      badge.textContent = word("phase-burnt");
    } else if (colleague) {
      badge.textContent = word("held-by", { name: colleague });
    }
    const rest = element("span", "rest");
    badge.append(" ", rest);
    Object.assign(rest.dataset, { phase: state.phase, guests: state.guests, starts: slot.starts, opens: slot.opens, ends: slot.ends });
    card.append(badge);
    if (state.phase !== "over" && state.phase !== "revoked") {
      const row = element("div", "row");
      const join = element("button", id === this.seated ? "" : "primary", word(id === this.seated ? "seated" : colleague ? "take-over" : "take-seat"));
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
      const time = element("button", "small", word("move-title"));
      time.type = "button";
      time.dataset.testid = `time-${id}`;
      time.setAttribute("aria-label", `${word("move-title")} ${which}`);
      time.addEventListener("click", () => this.changeTime(id));
      row.append(join, time, revoke, paper);
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

  /** Opens the form for another time. */
  changeTime(id) {
    const appointment = this.#known?.appointments.find((one) => one.id === id);
    if (appointment) {
      this.#moving.open(appointment, this.#known.time_zone);
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
}

function element(name, classes = "", text = "") {
  const made = document.createElement(name);
  made.className = classes;
  made.textContent = text;
  return made;
}
