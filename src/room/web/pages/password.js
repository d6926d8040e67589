// The page on which staff change their own password: what is wrong stands at its field.

import { onLanguage, startWords, word } from "./words.js";

const ANSWER_WITHIN_MS = 20_000;
const WHY = {
  wrong: { word: "password-wrong" },
  wait: { word: "sign-in-wait" },
  busy: { word: "sign-in-busy" },
  empty: { word: "password-empty" },
  short: { word: "password-short" },
  guessable: { word: "password-guessable" },
  same: { word: "password-same" },
  differs: { word: "password-differs" },
  elsewhere: { word: "password-elsewhere" },
  "signed-out": { word: "password-signed-out" },
  server: { word: "why-server" },
};
const $ = (id) => document.getElementById(id);
const form = document.querySelector("form");
const fields = [...form.querySelectorAll("[name]")];

let refused = {};

/** Says what is wrong, at the field that is to be changed. */
function explain() {
  const { field = null, why = null, seconds = 0 } = refused;
  const problem = $("problem");
  problem.hidden = why === null;
  problem.textContent = why ? word((WHY[why] ?? WHY.server).word, { seconds }) : "";
  for (const input of fields) {
    const wrong = input.name === field;
    input.toggleAttribute("aria-invalid", false);
    const described = [input.id === "new" ? "hint" : "", wrong ? "problem" : ""].join(" ").trim();
    input.setAttribute("aria-describedby", described);
    if (wrong) {
      input.setAttribute("aria-invalid", "true");
      input.after(problem);
    }
  }
  if (!field) {
    $("do").before(problem);
  }
}

async function send() {
  const asked = { method: "POST", body: new URLSearchParams(new FormData(form)), signal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
  try {
    const answer = await fetch("/password", asked);
    return answer.ok ? null : await answer.json();
  } catch {
    return { why: "server" };
  }
}

form.addEventListener("input", () => {
  refused = {};
  explain();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  $("do").disabled = true;
  const why = await send();
  $("do").disabled = false;
  refused = why ?? {};
  explain();
  if (why) {
    const wrong = $(why.field ?? "old");
    wrong.focus();
    wrong.select();
    return;
  }
  form.reset();
  form.hidden = true;
  $("done").hidden = false;
  document.body.dataset.state = "done";
  $("done-title").focus();
});

onLanguage(explain);
await startWords();
try {
  $("name").value = (await (await fetch("/api/appointments")).json()).staff ?? "";
} catch {
  // The name only tells whose password it is.
}
