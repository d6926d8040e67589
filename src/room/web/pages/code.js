// The second step of signing in: its words, and why the last code did not work.

import { onLanguage, startWords, word } from "./words.js";

const asked = new URLSearchParams(location.search);
const problem = document.getElementById("problem");
const code = document.getElementById("code");

function show() {
  if (asked.has("wrong")) {
    problem.textContent = word("code-wrong");
  } else if (asked.has("wait")) {
    problem.textContent = word("sign-in-wait", { seconds: Number(asked.get("wait")) || 30 });
  } else {
    return;
  }
  problem.hidden = false;
}

if (asked.has("wrong")) {
  code.setAttribute("aria-invalid", "true");
  code.setAttribute("aria-describedby", "problem");
}
onLanguage(show);
await startWords();
