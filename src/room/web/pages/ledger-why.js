// Why the ledger was not changed, in the clerk's words.

import { clock, day, knows, word } from "./words.js";

const PROBLEMS = {
  missing: { word: "ledger-why-missing" },
  number: { word: "ledger-why-number" },
  long: { word: "ledger-why-long" },
  counter: { word: "ledger-why-counter" },
  device: { word: "ledger-why-device" },
  unfit: { word: "ledger-why-unfit" },
  past: { word: "ledger-why-past" },
  far: { word: "ledger-why-far" },
  day: { word: "ledger-why-day" },
  word: { word: "ledger-why-word" },
  fixed: { word: "ledger-why-fixed" },
};
const REFUSALS = {
  "no-such": { word: "ledger-why-no-such" },
  "not-yours": { word: "ledger-why-not-yours" },
  exists: { word: "ledger-why-exists" },
  "signed-out": { word: "ledger-why-signed-out" },
  server: { word: "why-server" },
};

/** The word for a thing of some kind: a column, a state, what was done. */
export function named(kind, key) {
  const name = `ledger-${kind}-${key}`;
  return knows(name) ? word(name) : key;
}

/** The sentence for a refusal; `at` is how a clerk names its field. */
export function sentence(refusal) {
  const { why, field, problem, looks, loan, state, newer } = refusal;
  const column = named("col", (field ?? "").replace("_", "-"));
  if (why === "field") {
    return word("ledger-at", { field: column, said: word((PROBLEMS[problem] ?? PROBLEMS.word).word) });
  }
  if (why === "doubt") {
    return word(looks === "telephone" ? "ledger-doubt-telephone" : "ledger-doubt-name", { field: column });
  }
  if (why === "device-taken") {
    return word("ledger-why-taken", { number: loan });
  }
  if (why === "step") {
    return word("ledger-why-step", { state: named("state", state) });
  }
  if (why === "stale") {
    return word("ledger-why-stale", { number: newer.number, name: newer.changed.by });
  }
  return word((REFUSALS[why] ?? REFUSALS.server).word);
}

/** What the other clerk did, and when. */
export function byWhom({ number, changed }, timeZone) {
  const when = `${day(changed.at, timeZone)} ${clock(changed.at, timeZone)}`;
  return word("ledger-conflict-text", { name: changed.by, when, number, did: named("did", changed.did) });
}

/** How the row stands now. */
export function asItIs(row) {
  const standing = row.row === "loan" ? named("state", row.state) : named("health", row.health);
  return word("ledger-conflict-now", { standing });
}
