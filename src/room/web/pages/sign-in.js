// The sign-in page: its words, and why the last try did not work.

import { Kept } from "./kept.js";
import { onLanguage, startWords, word } from "./words.js";

const asked = new URLSearchParams(location.search);
const problem = document.getElementById("problem");

const name = document.getElementById("name");
const typed = new Kept("sessionStorage", "name");

function show() {
  if (asked.has("wrong")) {
    problem.textContent = word("sign-in-wrong");
  } else if (asked.has("wait")) {
    problem.textContent = word("sign-in-wait", { seconds: Number(asked.get("wait")) || 30 });
  } else if (asked.has("busy")) {
    problem.textContent = word("sign-in-busy");
  } else if (asked.has("late")) {
    problem.textContent = word("sign-in-late");
  } else {
    return;
  }
  problem.hidden = false;
}

document.querySelector("form").addEventListener("submit", () => typed.keep(name.value));
// Only the password is typed again.
if (["wrong", "wait", "busy", "late"].some((why) => asked.has(why))) {
  name.value = typed.get() ?? "";
  document.getElementById(name.value ? "password" : "name").focus();
}
typed.forget();
onLanguage(show);
await startWords();
