// What the forms of the staff page have in common: saying what is wrong at its field, and times as their fields want them.

import { word } from "./words.js";

const WHY = {
  counter: { word: "why-counter" },
  starts: { word: "why-starts" },
  ends: { word: "why-ends" },
  past: { word: "why-past" },
  "too-far": { word: "why-too-far" },
  length: { word: "why-length" },
  begun: { word: "why-begun" },
  "somebody-there": { word: "why-somebody-there" },
  "end-before-start": { word: "why-end-before-start" },
  gone: { word: "why-gone" },
  sites: { word: "why-sites" },
  remark: { word: "why-remark" },
  sent: { word: "why-sent" },
  "signed-out": { word: "trouble-signed-out" },
  server: { word: "why-server" },
};
const $ = (id) => document.getElementById(id);

/** Says in the form `NAME-form` what is wrong, at the field `NAME-FIELD` that is to be changed; nothing when all is well. */
export function explain(name, refused) {
  const { field = null, why = null } = refused ?? {};
  const problem = $(`${name}-problem`);
  problem.hidden = why === null;
  problem.textContent = why ? word(WHY[why]?.word ?? WHY.server.word) : "";
  for (const input of document.querySelectorAll(`#${name}-form [name]`)) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  const wrong = field && $(`${name}-${field}`);
  if (wrong) {
    wrong.setAttribute("aria-invalid", "true");
    wrong.setAttribute("aria-describedby", `${name}-problem`);
    wrong.closest("label").append(problem);
    wrong.focus();
  } else {
    document.querySelector(`#${name}-form > .row:last-child`).before(problem);
  }
}

/** What came back from a form: its answer, or a refusal that nobody is to mend in a field. */
export async function answered(answer) {
  if (answer?.ok) {
    return await answer.json();
  }
  return { refused: { field: null, why: answer?.status === 401 ? "signed-out" : "server" } };
}

/** `2026-11-30T14:05` in the counter's time zone. */
export function local(time, timeZone) {
  const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false };
  return new Intl.DateTimeFormat("sv", { ...parts, timeZone }).format(new Date(time)).replace(" ", "T");
}
