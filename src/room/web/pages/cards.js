// One appointment in the list: a line that can be read at a glance, and behind it what else there is to know and to do.

import { isPast } from "./day.js";
import { waitsAlone } from "./attention.js";
import { clock, countdown, day, said, word } from "./words.js";

const PHASES = {
  "not-yet": { word: "phase-not-yet" },
  open: { word: "phase-open" },
  "in-use": { word: "phase-in-use" },
  over: { word: "phase-over" },
  revoked: { word: "phase-revoked" },
};
/** A family that is not there so long after the start is marked. */
const LATE_MS = 3 * 60_000;

export function element(name, classes = "", text = "") {
  const made = document.createElement(name);
  made.className = classes;
  made.textContent = text;
  return made;
}

function button(classes, text, testid, does) {
  const made = element("button", classes, text);
  made.type = "button";
  made.dataset.testid = testid;
  made.addEventListener("click", does);
  return made;
}

/** What an appointment is right now, in words; `calls` when somebody waits. */
function standing(appointment, colleague, isSeated) {
  const { state } = appointment;
  // The list is a moment old: who has just sat down leaves nobody alone.
  if (waitsAlone(appointment) && !isSeated) {
    return { text: word("phase-alone"), calls: true };
  }
  if (state.waiting > 0 || waitsAlone(appointment)) {
    return { text: word("phase-waiting"), calls: true };
  }
  if (state.burnt && !isPast(appointment)) {
    return { text: word("phase-burnt") };
  }
  if (isSeated) {
    return { text: word("seated") };
  }
  if (colleague) {
    return { text: word("held-by", { name: colleague }) };
  }
  if (state.guests > 0 && state.agreed === 0 && state.staff === 0) {
    return { text: word("phase-getting-ready") };
  }
  return { text: word(PHASES[state.phase].word) };
}

/**
 * The card of an appointment. `top` ones have their seat within reach, and their date unless it is `today`; `brief` ones leave
 * the counter out; `open` says whether what is behind the line is shown. `does` has `choose`, `time`, `paper`, `revoke` and
 * `toggle`.
 */
export function card(appointment, { zone, today, staff, seated, top, brief, open, does }) {
  const { id, slot, state } = appointment;
  const colleague = state.held_by !== staff ? state.held_by : null;
  const card = element("li", "card");
  Object.assign(card.dataset, { testid: `appointment-${id}`, phase: state.phase, waiting: state.waiting });
  card.classList.toggle("chosen", id === seated);
  card.classList.toggle("alone", waitsAlone(appointment) && id !== seated);
  const hours = `${clock(slot.starts, zone)}–${clock(slot.ends, zone)}`;
  const date = day(slot.starts, zone);

  const more = button("more", "", `more-${id}`, () => does.toggle(id));
  more.setAttribute("aria-expanded", String(open));
  more.setAttribute("aria-controls", `details-${id}`);
  const { text, calls } = standing(appointment, colleague, id === seated);
  const badge = element("span", calls ? "badge calls" : "badge", text);
  badge.title = text;
  const rest = element("span", "rest");
  Object.assign(rest.dataset, { phase: state.phase, guests: state.guests, starts: slot.starts, ends: slot.ends });
  badge.append(" ", rest);
  const where = element("span", "where quiet");
  if (top && date !== today) {
    where.append(element("span", "date", date), " ");
  }
  where.append(element("span", "counter", said(appointment.counter)), " ", element("span", "number", brief ? id : word("number", { number: id })));
  more.append(element("span", "hours", hours), " ", where, " ", badge);

  const join = () => {
    const made = button("primary", word(colleague ? "take-over" : "take-seat"), `join-${id}`, () => does.choose(appointment));
    made.setAttribute("aria-label", `${made.textContent} ${hours} ${said(appointment.counter)} ${id}`);
    return made;
  };
  const line = element("div", "line");
  line.append(more);
  const details = element("div", "details");
  details.id = `details-${id}`;
  details.hidden = !open;
  details.append(element("p", "quiet", `${date} ${said(appointment.counter)}`), element("p", "quiet", text));
  if (appointment.remark) {
    details.append(element("p", "quiet", appointment.remark));
  }
  if (!isPast(appointment)) {
    const row = element("div", "row");
    if (id !== seated && appointment.may_sit) {
      (top ? line : row).append(join());
    }
    for (const [what, label] of [["time", word("move-title")], ["paper", word("paper-again")], ["revoke", word("revoke")]]) {
      const made = button("small", label, `${what}-${id}`, () => does[what](appointment));
      made.setAttribute("aria-label", `${label} ${hours} ${said(appointment.counter)} ${id}`);
      row.append(made);
    }
    details.append(row);
  }
  card.append(line, details);
  return card;
}

/** The heading of a day, or of what is over. */
export function heading(text) {
  return element("li", "day", text);
}

/** Says beside each badge under `root` how long there is still; `now` is the server's time. */
export function tick(root, now) {
  for (const rest of root.querySelectorAll(".rest")) {
    const { phase, guests, starts, ends } = rest.dataset;
    const late = guests === "0" && now > Date.parse(starts) + LATE_MS;
    if (phase === "over" || phase === "revoked") {
      rest.textContent = "";
    } else if (now < Date.parse(starts)) {
      const until = Date.parse(starts) - now;
      rest.textContent = until < 36e5 ? word("starts-in", { time: countdown(until) }) : "";
    } else {
      rest.textContent = late ? word("late") : word("ends-in", { time: countdown(Date.parse(ends) - now) });
    }
  }
}
