// The page on which staff enrol their second factor, and see the codes for the printer once.

import { onLanguage, startWords, word } from "./words.js";

const ANSWER_WITHIN_MS = 20_000;
const WHY = {
  wrong: { word: "code-wrong" },
  empty: { word: "code-empty" },
  wait: { word: "sign-in-wait" },
  late: { word: "sign-in-late" },
  server: { word: "why-server" },
};
const $ = (id) => document.getElementById(id);

let refused = null;
let staff = "";

function state(name) {
  for (const part of ["asking", "enrolled", "done", "late"]) {
    $(part).hidden = part !== name;
  }
  document.body.dataset.state = name;
}

function explain() {
  const said = refused ? word((WHY[refused.why] ?? WHY.server).word, { seconds: refused.seconds ?? 0 }) : "";
  $("problem").textContent = said;
  $("problem").hidden = said === "";
  $("late-why").textContent = said;
  $("code").toggleAttribute("aria-invalid", false);
  $("code").removeAttribute("aria-describedby");
  if (said) {
    $("code").setAttribute("aria-invalid", "true");
    $("code").setAttribute("aria-describedby", "problem");
  }
  $("whose").textContent = word("factor-whose", { name: staff });
}

/** Asks the server: its answer, or why there is none. */
async function ask(address, body) {
  try {
    const answer = await fetch(address, { method: "POST", body: new URLSearchParams(body), signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return [answer.ok, await answer.json()];
  } catch {
    return [false, { why: "server" }];
  }
}

async function begin() {
  const [works, begun] = await ask("/second-factor/secret", {});
  if (!works) {
    refused = begun;
    explain();
    state("late");
    return;
  }
  staff = begun.staff;
  if (begun.enrolled) {
    state("enrolled");
    return;
  }
  $("drawn").setAttribute("viewBox", `0 0 ${begun.code.side} ${begun.code.side}`);
  $("drawn").querySelector("path").setAttribute("d", begun.code.path);
  $("secret").textContent = begun.secret;
  state("asking");
  $("code").focus();
}

$("code").addEventListener("input", () => {
  refused = null;
  explain();
});
$("enrol").addEventListener("submit", async (event) => {
  event.preventDefault();
  let [works, answer] = [false, { why: "empty" }];
  if ($("code").value.trim() !== "") {
    $("do").disabled = true;
    [works, answer] = await ask("/second-factor", { code: $("code").value });
    $("do").disabled = false;
  }
  if (!works) {
    refused = answer;
    explain();
    if (answer.why === "late") {
      state("late");
    } else {
      $("code").focus();
      $("code").select();
    }
    return;
  }
  // What was enrolled with is not seen again.
  $("secret").textContent = "";
  $("drawn").querySelector("path").setAttribute("d", "");
  $("codes").replaceChildren(...answer.codes.map((code) => {
    const item = document.createElement("li");
    item.textContent = code;
    return item;
  }));
  explain();
  state("done");
  $("done-title").focus();
});
$("print").addEventListener("click", () => print());

onLanguage(explain);
await startWords();
await begin();
