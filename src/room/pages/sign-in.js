// The sign-in page: its words, and why the last try did not work.

import { onLanguage, startWords, word } from "./words.js";

const asked = new URLSearchParams(location.search);
const problem = document.getElementById("problem");

function show() {
  if (asked.has("wrong")) {
    problem.textContent = word("sign-in-wrong");
  } else if (asked.has("wait")) {
    problem.textContent = word("sign-in-wait", { seconds: Number(asked.get("wait")) || 30 });
  } else {
    return;
  }
  problem.hidden = false;
}

onLanguage(show);
await startWords();
