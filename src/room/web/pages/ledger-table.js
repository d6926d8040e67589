// A table from a spreadsheet: first what it would change, then all of it or nothing.

import { named, sentence } from "./ledger-why.js";
import { word } from "./words.js";

/** Ten thousand rows take a while on an old server. */
const ANSWER_WITHIN_MS = 60_000;
const $ = (id) => document.getElementById(id);

/** `table()` is which of the two is shown; `onDone()` is called after it was read in. */
export class Table {
  #table;
  #onDone;
  #signIn;
  #plan = null;

  constructor({ table, onDone, signIn }) {
    [this.#table, this.#onDone, this.#signIn] = [table, onDone, signIn];
    $("import").addEventListener("click", () => this.#open());
    $("table-file").addEventListener("change", () => {
      $("table-confirmed").checked = false;
      $("table-sure").hidden = true;
      this.#look();
    });
    $("table-confirmed").addEventListener("change", () => this.#look());
    $("table-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(this.#plan);
    });
  }

  #open() {
    $("table-form").reset();
    $("table-sure").hidden = true;
    $("table-title").textContent = `${word("ledger-import")} — ${word(this.#table() === "loans" ? "ledger-loans" : "ledger-devices")}`;
    this.#show(null, "");
    $("table").showModal();
    $("table-file").focus();
  }

  async #look() {
    this.#show(null, "");
    if ($("table-file").files.length > 0) {
      await this.#send(null);
    }
  }

  /** A dry run without a plan; with the plan that one gave, it is done. */
  async #send(plan) {
    $("table-do").disabled = true;
    const asked = new URLSearchParams({ table: this.#table(), confirmed: $("table-confirmed").checked, ...(plan ? { plan } : {}) });
    let answer = null;
    try {
      const body = await $("table-file").files[0].arrayBuffer();
      answer = await fetch(`/api/ledger/table?${asked}`, { method: "POST", body, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    } catch {
      // Said below.
    }
    if (!answer?.ok) {
      const why = { 401: { word: "ledger-why-signed-out" }, 422: { word: "ledger-import-none" }, 413: { word: "ledger-import-long" } };
      this.#show(null, word((why[answer?.status] ?? { word: "why-server" }).word));
      if (answer?.status === 401) {
        this.#signIn();
      }
      return;
    }
    const found = await answer.json();
    if (found.applied) {
      $("table").close();
      this.#onDone(found);
    } else {
      this.#show(found, plan && found.refused === 0 ? word("ledger-import-changed") : "");
    }
  }

  #show(found, problem) {
    $("table-problem").hidden = problem === "";
    $("table-problem").textContent = problem;
    $("table-said").textContent = found ? word("ledger-import-said", { done: found.done, same: found.same, refused: found.refused }) : "";
    const lines = (found?.lines ?? []).map((line) => {
      const item = document.createElement("li");
      const told = line.outcome === "refused" ? sentence(line.refusal) : line.steps.map((did) => named("did", did)).join("→");
      item.textContent = word("ledger-import-line", { line: line.line, number: line.number, said: told });
      item.className = line.outcome === "refused" ? "wrong" : "";
      return item;
    });
    $("table-lines").replaceChildren(...lines);
    $("table-lines").hidden = lines.length === 0;
    if (found?.lines.some((line) => line.refusal?.why === "doubt")) {
      $("table-sure").hidden = false;
    }
    this.#plan = found && found.refused === 0 && found.done > 0 ? found.plan : null;
    $("table-do").disabled = this.#plan === null;
  }
}
