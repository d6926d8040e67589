// The list of appointments at the left of the staff page.

import { ask } from "./asking.js";
import { card, element, heading, tick } from "./cards.js";
import { arrange } from "./day.js";
import { Kept } from "./kept.js";
import { Make } from "./make.js";
import { Moving } from "./moving.js";
import { clock, day, said, word } from "./words.js";

const READ_EACH_MS = 3000;
/** What failed is said for so long. */
const SAID_MS = 30_000;
const $ = (id) => document.getElementById(id);

/**
 * Reads the list again and again; `choose(appointment)` takes a seat, `confirm` asks before a withdrawal, `busy()` says
 * whether leaving the page would cost the clerk something, and `signIn()` asks for the password.
 */
export class Appointments {
  #list = $("appointments");
  /** A clerk works at the same counter all day. */
  #counter = new Kept("localStorage", "counter");
  /** The appointment of which more is shown. */
  #open = null;
  #known = null;
  #ahead = 0;
  #shown = "";

  /** Why something was not done, until it is. */
  #failed = null;
  #failures = 0;
  #moving;

  constructor({ choose, confirm, busy, signIn, announce, onList, onTrouble }) {
    Object.assign(this, { choose, confirm, busy, onList, onTrouble, seated: null, staff: null });
    const [list, now] = [() => this.#known, () => this.#now()];
    new Make({ list, now, confirm, signIn, onMade: () => this.read() });
    this.#moving = new Moving({ now, confirm, signIn, announce, onMoved: () => this.read() });
    $("find").addEventListener("input", () => this.draw());
    $("counter").addEventListener("change", () => {
      this.#counter.keep($("counter").value);
      this.draw();
    });
  }

  async start() {
    await this.read();
    setInterval(() => this.read(), READ_EACH_MS);
    setInterval(() => tick(this.#list, this.#now()), 1000);
  }

  #now() {
    return Date.now() + this.#ahead;
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
    const [counter, find] = [this.#chosenCounter(), $("find").value];
    const drawn = JSON.stringify([appointments, this.seated, this.#open, counter, find, document.documentElement.lang]);
    if (drawn !== this.#shown) {
      this.#shown = drawn;
      const focused = document.activeElement?.dataset?.testid;
      const { found, top, rest, past } = arrange(appointments, { seated: this.seated, counter, find, now: this.#now() });
      const one = counter !== "" || this.#known.counters.length < 2;
      this.#list.dataset.counters = one ? "one" : "many";
      $("first").replaceChildren(...top.map((each) => this.#card(each, true)));
      const dated = rest.flatMap((each, at) => [...this.#dayBefore(each, rest[at - 1]), this.#card(each, false, one)]);
      const over = past.length > 0 ? [heading(word("past")), ...past.map((each) => this.#card(each, false, one))] : [];
      const none = element("li", "quiet", word(find.trim() || counter ? "find-nothing" : "no-appointments"));
      $("others").replaceChildren(...(found ? [...dated, ...over] : [none]));
      // Drawing the list anew must not lose the place of somebody at the keyboard.
      if (focused) {
        this.#list.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
      }
    }
    tick(this.#list, this.#now());
  }

  /** Which counter's appointments are shown: empty for all. */
  #chosenCounter() {
    const { counters } = this.#known;
    const select = $("counter");
    const names = [["", word("all-counters")], ...counters.map(({ id, name }) => [id, said(name)])];
    const options = JSON.stringify(names);
    if (select.dataset.options !== options) {
      select.dataset.options = options;
      select.replaceChildren(...names.map(([id, name]) => new Option(name, id)));
    }
    const kept = this.#counter.get() ?? "";
    select.value = counters.some(({ id }) => id === kept) ? kept : "";
    $("counter-filter").hidden = counters.length < 2;
    return select.value;
  }

  /** The heading of a day that begins with `one`. */
  #dayBefore(one, before) {
    const named = ({ slot }) => day(slot.starts, this.#known.time_zone);
    return before && named(before) === named(one) ? [] : [heading(named(one))];
  }

  #card(appointment, top, brief = false) {
    const does = {
      choose: (one) => this.choose(one),
      time: ({ id }) => this.changeTime(id),
      paper: (one) => this.#paperAgain(one),
      revoke: (one) => this.#revoke(one),
      toggle: (id) => {
        this.#open = this.#open === id ? null : id;
        this.draw();
        // What came out behind the line is not to be looked for.
        this.#list.querySelector(`[data-testid="appointment-${id}"]`)?.scrollIntoView({ block: "nearest" });
      },
    };
    const { seated, staff } = this;
    const [zone, today] = [this.#known.time_zone, day(this.#now(), this.#known.time_zone)];
    return card(appointment, { zone, today, staff, seated, top, brief, open: this.#open === appointment.id, does });
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
      const form = document.createElement("form");
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
