// Which appointments stand on top and which below: who waits and what comes next is never out of sight.

import { waitsAlone } from "./attention.js";
import { said } from "./words.js";

/** So many that have begun without anybody stand on top, and so many that come next. */
const EMPTY_ON_TOP = 2;
const NEXT_ON_TOP = 1;
/** So many that are over are shown when nothing is searched. */
const PAST = 5;

export const isPast = ({ state }) => state.phase === "over" || state.phase === "revoked";

/** Two: a family is alone. One: somebody waits to be let in. */
export const urgency = (one) => (waitsAlone(one) ? 2 : one.state.waiting > 0 ? 1 : 0);

/** Whether `one` is at the counter that was chosen (any, when none was) and is meant by the words that are searched. */
function fitting({ counter, find }) {
  const wanted = find.normalize("NFKC").trim().toUpperCase();
  return (one) =>
    (counter === "" || one.counter_id === counter) &&
    `${one.id} ${said(one.counter)} ${one.remark}`.toUpperCase().includes(wanted);
}

/**
 * The day in three parts, each in the order of its starts: `top` (who waits, whatever is searched; the seat that is `seated`;
 * what comes next), `rest`, and `past`; `found` says whether anything is what was searched.
 */
export function arrange(appointments, { seated, counter, find, now }) {
  const fits = fitting({ counter, find });
  const current = appointments.filter((one) => !isPast(one));
  const waits = current.filter((one) => urgency(one) > 0);
  // Stable: within the same urgency the chosen counter's own come first, and then the earlier.
  waits.sort((one, other) => urgency(other) - urgency(one) || Number(fits(other)) - Number(fits(one)));
  const own = current.filter((one) => one.id === seated && !waits.includes(one));
  const free = current.filter((one) => fits(one) && one.id !== seated && urgency(one) === 0 && one.state.staff === 0);
  const begun = ({ slot }) => Date.parse(slot.starts) <= now;
  const empty = free.filter((one) => begun(one)).slice(-EMPTY_ON_TOP);
  const next = free.filter((one) => !begun(one)).slice(0, NEXT_ON_TOP);
  const top = [...waits, ...own, ...empty, ...next];
  const rest = current.filter((one) => fits(one) && !top.includes(one));
  const past = appointments.filter((one) => isPast(one) && fits(one));
  const found = appointments.some(fits);
  return { found, top, rest, past: find.trim() === "" ? past.slice(-PAST) : past };
}
