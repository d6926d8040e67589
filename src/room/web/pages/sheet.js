// The page of a paper: its words in the clerk's language, and the button that prints it.

import { setLanguage } from "./words.js";

document.getElementById("print").addEventListener("click", () => window.print());
await setLanguage(document.body.dataset.language);
document.body.dataset.ready = "yes";
