// The ledger of devices and loans: the second part of the staff page.

import { ask } from "./asking.js";
import { Forms } from "./ledger-forms.js";
import { Table } from "./ledger-table.js";
import { named } from "./ledger-why.js";
import { SignedIn } from "./signed-in.js";
import { language, languageName, onLanguage, said, startWords, word } from "./words.js";

const READ_EACH_MS = 10_000;
const TYPED_FOR_MS = 250;
const $ = (id) => document.getElementById(id);
const state = document.body.dataset;

const FILTERS = {
  loans: {
    open: { word: "ledger-filter-open" },
    due: { word: "ledger-filter-due" },
    prepared: { word: "ledger-state-prepared" },
    lent: { word: "ledger-state-lent" },
    lost: { word: "ledger-state-lost" },
    closed: { word: "ledger-filter-closed" },
    all: { word: "ledger-filter-all" },
  },
  devices: {
    all: { word: "ledger-filter-all" },
    free: { word: "ledger-filter-free" },
    taken: { word: "ledger-filter-taken" },
    trouble: { word: "ledger-filter-trouble" },
  },
};
const COLUMNS = {
  loans: ["number", "device", "from", "until", "counters", "languages", "state", "remark"],
  devices: ["number", "board", "version", "slot", "last-seen", "health", "loan", "remark"],
};
const STEPS = {
  lend: { word: "ledger-lend" },
  extend: { word: "ledger-extend" },
  return: { word: "ledger-return" },
  lose: { word: "ledger-lose" },
  withdraw: { word: "ledger-withdraw" },
};
let known = null;
let page = 0;
let asked = 0;
let shown = "";

function element(tag, className, text) {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

function announce(text) {
  $("announce").textContent = text;
}

function wanted() {
  return new URLSearchParams({ find: $("find").value, filter: $("filter").value, page });
}

/** Reads the page once. An answer that is no longer waited for is dropped. */
async function read() {
  asked += 1;
  const mine = asked;
  const answer = await ask(`/api/ledger/${state.table}?${wanted()}`);
  if (mine !== asked) {
    return;
  }
  if (answer?.status === 401) {
    signedIn.isOver(true);
    trouble("ledger-why-signed-out", true);
    return;
  }
  if (!answer?.ok) {
    trouble("trouble-server", false);
    return;
  }
  known = await answer.json();
  signedIn.isOver(false);
  signedIn.look(known);
  $("trouble").hidden = true;
  if (known.rows.length === 0 && page > 0) {
    page = 0;
    await read();
    return;
  }
  draw();
  document.body.dataset.ready = "yes";
}

function trouble(key, signIn) {
  $("trouble").hidden = false;
  $("trouble-text").textContent = word(key);
  $("trouble-sign-in").hidden = !signIn;
}

function draw() {
  if (!known) {
    return;
  }
  const { count, rows, rows_of_page: each, due } = known;
  $("who").textContent = known.staff;
  $("due").hidden = due === 0;
  $("due").textContent = word("ledger-due", { count: due });
  const [first, last] = [count === 0 ? 0 : page * each + 1, page * each + rows.length];
  $("count").textContent = word("ledger-count", { first, last, count });
  $("before").disabled = page === 0;
  $("after").disabled = last >= count;
  $("none").hidden = count > 0;
  const drawn = JSON.stringify([state.table, rows, language()]);
  if (drawn === shown) {
    return;
  }
  shown = drawn;
  const focused = document.activeElement?.dataset?.testid;
  const loans = state.table === "loans";
  $("head").replaceChildren(...COLUMNS[state.table].map((column) => element("th", "", word(`ledger-col-${column}`))), does());
  $("body").replaceChildren(...rows.map(loans ? loanRow : deviceRow));
  // Drawing the list anew must not lose the place of somebody at the keyboard.
  if (focused && $("body").contains(document.activeElement) === false) {
    $("body").querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
  }
}

function does() {
  const head = document.createElement("th");
  head.append(element("span", "unseen", word("controls")));
  return head;
}

function standing(kind, key) {
  const cell = document.createElement("td");
  const badge = element("span", "standing", named(kind, key));
  badge.dataset.standing = key;
  cell.append(badge);
  return cell;
}

function row(number, cells, buttons) {
  const line = document.createElement("tr");
  line.dataset.testid = `row-${number}`;
  const last = element("td", "does", "");
  last.append(...buttons);
  line.append(...cells.map((cell) => (typeof cell === "string" ? element("td", "", cell) : cell)), last);
  return line;
}

function button(text, testid, press) {
  const made = Object.assign(element("button", "small", text), { type: "button" });
  made.dataset.testid = testid;
  made.addEventListener("click", press);
  return made;
}

function whole(text) {
  return element("td", "whole", text);
}

function loanRow(loan) {
  const { number, device, from, until, remark, steps } = loan;
  const name = (id) => said(known.counters.find((counter) => counter.id === id)?.name) || id;
  const tags = loan.languages.map((tag) => languageName(tag)).join("・");
  const cells = [number, whole(device ?? word("ledger-any")), whole(from), whole(until), loan.counters.map(name).join("・"), tags];
  const buttons = steps.map((step) => button(word(STEPS[step].word), `${step}-${number}`, () => forms.step(loan, step)));
  if (loan.state === "prepared") {
    buttons.push(button(word("ledger-change"), `change-${number}`, () => forms.loan(loan)));
  }
  return row(number, [...cells, standing("state", loan.standing), remark], buttons);
}

function deviceRow(device) {
  const { number, board, version, slot, last_seen: seen, health, loan, remark } = device;
  const taken = loan ? `${loan}（${named("state", device.loan_state)}）` : "";
  const cells = [number, board, whole(version), whole(slot ?? ""), whole(seen ?? ""), standing("health", health), taken, remark];
  return row(number, cells, [button(word("ledger-change"), `change-${number}`, () => forms.device(device))]);
}

/** Everything that names which of the two tables it is about. */
function drawTools() {
  const loans = state.table === "loans";
  for (const tab of document.querySelectorAll(".tabs [data-table]")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.table === state.table));
  }
  const chosen = $("filter").value;
  const options = Object.entries(FILTERS[state.table]);
  $("filter").replaceChildren(...options.map(([key, each]) => new Option(word(each.word), key)));
  $("filter").value = options.some(([key]) => key === chosen) ? chosen : options[0][0];
  $("new").textContent = word(loans ? "ledger-new-loan" : "ledger-new-device");
  $("print").textContent = word(loans ? "ledger-print" : "ledger-labels");
  drawLinks();
}

/** What is saved or printed is what is shown, on all its pages. */
function drawLinks() {
  const same = new URLSearchParams({ find: $("find").value, filter: $("filter").value, language: language() });
  $("export").href = `/ledger/${state.table}.csv?${same}`;
  $("print").href = `/ledger/${state.table === "loans" ? "list" : "labels"}?${same}`;
}

async function show(table, filter) {
  [state.table, page, shown] = [table, 0, ""];
  drawTools();
  $("filter").value = filter ?? Object.keys(FILTERS[table])[0];
  drawLinks();
  await read();
}

function turn(pages) {
  page = Math.max(0, page + pages);
  read();
  $("rows").scrollTop = 0;
}

const signedIn = new SignedIn({ announce, onBack: read });
const signIn = () => signedIn.ask();
const forms = new Forms({
  known: () => known,
  signIn,
  onDone: (changed) => {
    if (changed) {
      announce(word("ledger-done", { number: changed.number, did: named("did", changed.changed.did) }));
    }
    read();
  },
});
new Table({
  table: () => state.table,
  signIn,
  onDone: ({ done }) => {
    announce(word("ledger-imported", { count: done }));
    read();
  },
});

let typing = null;
$("find").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    page = 0;
    drawLinks();
    read();
  }, TYPED_FOR_MS);
});
// A reader of codes types a number and Enter: the next one takes its place.
$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  $("find").select();
});
$("filter").addEventListener("change", () => {
  page = 0;
  drawLinks();
  read();
});
for (const tab of document.querySelectorAll(".tabs [data-table]")) {
  tab.addEventListener("click", () => {
    // A number of one list stands in no other.
    $("find").value = "";
    show(tab.dataset.table);
  });
}
$("due").addEventListener("click", () => show("loans", "due"));
$("new").addEventListener("click", () => (state.table === "loans" ? forms.loan() : forms.device()));
$("before").addEventListener("click", () => turn(-1));
$("after").addEventListener("click", () => turn(1));
onLanguage(() => {
  drawTools();
  draw();
});
await startWords();
await read();
setInterval(() => {
  // What a clerk reads in a form is what the form was opened with.
  if (!document.hidden && !document.querySelector("dialog[open]")) {
    read();
  }
}, READ_EACH_MS);
