// The forms of the ledger: a loan, a device, a step. What another clerk changed meanwhile is told and never overwritten.

import { ask } from "./asking.js";
import { asItIs, byWhom, sentence } from "./ledger-why.js";
import { languageName, languages, said, word } from "./words.js";

const $ = (id) => document.getElementById(id);

const STEPS = {
  lend: { title: "ledger-lend", word: "ledger-lend-text", field: "ledger-lend-device" },
  extend: { title: "ledger-extend", word: "ledger-extend-text", field: "ledger-extend-until" },
  return: { title: "ledger-return", word: "ledger-return-text", field: "ledger-return-receipt" },
  lose: { title: "ledger-lose", word: "ledger-lose-text", careful: true },
  withdraw: { title: "ledger-withdraw", word: "ledger-withdraw-text", careful: true },
};
/** Which field of a refusal is which of the step's form. */
const VALUES = ["device", "until", "receipt"];

/** `known()` is what the list knows; `onDone(number, did)` is called after a change, and `signIn()` asks for the password. */
export class Forms {
  #known;
  #onDone;
  #signIn;
  /** What is in the open form: the row that the clerk saw, and what was asked already. */
  #row = null;
  #step = null;
  #confirmed = false;

  constructor({ known, onDone, signIn }) {
    [this.#known, this.#onDone, this.#signIn] = [known, onDone, signIn];
    for (const close of document.querySelectorAll("dialog [data-close]")) {
      close.addEventListener("click", () => close.closest("dialog").close());
    }
    for (const name of ["loan", "device", "step"]) {
      const form = $(`${name}-form`);
      form.addEventListener("input", () => {
        this.#confirmed = false;
        this.#explain(name, null);
      });
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#send(name);
      });
    }
    $("conflict").addEventListener("close", () => this.#onDone(null));
  }

  /** A new loan, or a prepared one that is to be another. */
  loan(row) {
    const { counters, today } = this.#known();
    this.#begin("loan", row);
    $("loan-title").textContent = word(row ? "ledger-change-loan" : "ledger-new-loan");
    this.#fill("loan", { number: "", device: "", from: today, until: "", remark: "", ...row });
    $("loan-counters").replaceChildren(...counters.map((counter) => choice(counter, row ? row.counters : counters.map(({ id }) => id))));
    const first = row?.languages ?? languages();
    const orders = languages().map((tag) => [tag, ...languages().filter((other) => other !== tag)]);
    const options = [...orders, ...languages().map((tag) => [tag])].map((tags) => tags.join(" "));
    const all = options.includes(first.join(" ")) ? options : [first.join(" "), ...options];
    $("loan-languages").replaceChildren(...all.map((tags) => new Option(tags.split(" ").map((tag) => languageName(tag, tag)).join("・"), tags)));
    $("loan-languages").value = first.join(" ");
    $("loan").showModal();
    $(row ? "loan-device" : "loan-number").focus();
  }

  /** A new device, or one that changed. */
  device(row) {
    const { healths } = this.#known();
    this.#begin("device", row);
    $("device-title").textContent = word(row ? "ledger-change-device" : "ledger-new-device");
    const offered = row && !healths.includes(row.health) ? [...healths, row.health] : healths;
    $("device-health").replaceChildren(...offered.map((health) => new Option(word(`ledger-health-${health}`), health)));
    const fresh = { number: "", board: "", version: "", slot: "", last_seen: "", health: "good", remark: "" };
    this.#fill("device", { ...fresh, ...row });
    $("device").showModal();
    $(row ? "device-health" : "device-number").focus();
  }

  /** A step of a loan. */
  step(row, step) {
    this.#begin("step", row);
    this.#step = step;
    const { title, word: text, field, careful = false } = STEPS[step];
    const number = row.number;
    $("step-title").textContent = `${word(title)} — ${word("number", { number })}`;
    $("step-text").textContent = word(text, { number, device: row.device ?? word("ledger-any"), until: row.until });
    const asks = field !== undefined && !(step === "lend" && row.device);
    $("step-field").hidden = !asks;
    $("step-label").textContent = asks ? word(field) : "";
    $("step-value").type = step === "extend" ? "date" : "text";
    $("step-value").value = "";
    $("step-do").textContent = word(title);
    $("step-do").className = careful ? "danger" : "primary";
    $("step").showModal();
    $(asks ? "step-value" : "step-do").focus();
  }

  #begin(name, row) {
    [this.#row, this.#confirmed, this.#step] = [row ?? null, false, null];
    this.#explain(name, null);
  }

  #fill(name, values) {
    for (const input of $(`${name}-form`).querySelectorAll("input[name], select[name]")) {
      if (input.type !== "checkbox" && input.name !== "languages") {
        input.value = values[input.name] ?? "";
      }
    }
    $(`${name}-number`).readOnly = this.#row !== null;
  }

  #wanted(name) {
    const fields = Object.fromEntries(new FormData($(`${name}-form`)));
    if (name === "step") {
      const value = fields.value?.trim() || null;
      const key = { lend: "device", extend: "until", return: "receipt" }[this.#step];
      return { what: "step", loan: this.#row.number, revision: this.#row.revision, step: this.#step, ...(key ? { [key]: value } : {}) };
    }
    const revision = this.#row?.revision ?? null;
    if (name === "device") {
      return { what: "device", revision, terms: { ...fields, slot: fields.slot || null, last_seen: fields.last_seen || null } };
    }
    const counters = [...$("loan-counters").querySelectorAll(":checked")].map((box) => box.value);
    const terms = { ...fields, device: fields.device.trim() || null, languages: fields.languages.split(" "), counters };
    return { what: "loan", revision, terms };
  }

  /** A day that is not there is not sent: the field says so. */
  #missing(name, wanted) {
    const days = name === "loan" ? ["from", "until"] : this.#step === "extend" ? ["until"] : [];
    const field = days.find((day) => !(wanted.terms ?? wanted)[day]);
    return field ? { why: "field", field, problem: "missing" } : null;
  }

  async #send(name) {
    const wanted = this.#wanted(name);
    const missing = this.#missing(name, wanted);
    if (missing) {
      this.#explain(name, missing);
      return;
    }
    const button = $(`${name}-do`);
    button.disabled = true;
    const { row, refusal } = await change({ ...wanted, confirmed: this.#confirmed });
    button.disabled = false;
    if (row) {
      $(name).close();
      this.#onDone(row);
    } else if (refusal.why === "stale") {
      $(name).close();
      $("conflict-text").textContent = byWhom(refusal.newer, this.#known().time_zone);
      $("conflict-now").textContent = asItIs(refusal.newer);
      $("conflict").showModal();
    } else {
      this.#explain(name, refusal);
      this.#confirmed = refusal.why === "doubt";
      if (refusal.why === "signed-out") {
        this.#signIn();
      }
    }
  }

  /** Says what is wrong, at the field that is to be changed; nothing when all is well. */
  #explain(name, refusal) {
    const problem = $(`${name}-problem`);
    problem.hidden = refusal === null;
    problem.textContent = refusal ? sentence(refusal) : "";
    if (name !== "step") {
      $(`${name}-do`).textContent = word(refusal?.why === "doubt" ? "ledger-doubt-do" : "ledger-save");
    }
    for (const input of $(`${name}-form`).querySelectorAll("[aria-invalid]")) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
    const field = refusal?.field?.replace("-", "_");
    const wrong = field && (name === "step" ? VALUES.includes(field) && $("step-value") : $(`${name}-${field}`));
    if (wrong && "value" in wrong && !wrong.closest("[hidden]")) {
      wrong.setAttribute("aria-invalid", "true");
      wrong.setAttribute("aria-describedby", `${name}-problem`);
      wrong.focus();
    }
  }
}

/** Asks for a change: the row as it is then, or why there is none. */
async function change(wanted) {
  const headers = { "content-type": "application/json" };
  const answer = await ask("/api/ledger", { method: "POST", headers, body: JSON.stringify(wanted) });
  if (answer?.ok) {
    return { row: await answer.json() };
  }
  if (answer?.status === 401) {
    return { refusal: { why: "signed-out" } };
  }
  try {
    return { refusal: await answer.json() };
  } catch {
    return { refusal: { why: "server" } };
  }
}

function choice({ id, name }, chosen) {
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", value: id, checked: chosen.includes(id) });
  box.dataset.testid = `counter-${id}`;
  label.append(box, said(name));
  return label;
}
