// The words of the pages: one flat table per language, which the server makes of its Fluent files, and the switch between them.

import { Kept } from "./kept.js";
import { LANGUAGES } from "./languages.js";

const chosen = new Kept("localStorage", "language");
let table = {};
let current = LANGUAGES[0];
const listeners = [];

/** The language of the page, such as `ja`. */
export function language() {
  return current;
}

/** The text of `key`, with `{blanks}` filled in. */
export function word(key, blanks = {}) {
  const text = table[key] ?? key;
  return text.replace(/\{([a-z_]+)\}/g, (whole, name) => String(blanks[name] ?? whole));
}

/** Whether there is a text of `key`. */
export function knows(key) {
  return Object.hasOwn(table, key);
}

/** Text in several languages from the server, by tag: `en-GB` is English, too. */
export function said(words) {
  const related = Object.entries(words ?? {}).find(([tag]) => tag.split("-")[0].toLowerCase() === current);
  return words?.[current] ?? related?.[1] ?? words?.[LANGUAGES[0]] ?? "";
}

/** Fills every element that names its word. */
export function apply(root = document) {
  for (const element of root.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word);
  }
  for (const element of root.querySelectorAll("[data-word-label]")) {
    element.setAttribute("aria-label", word(element.dataset.wordLabel));
    element.title = element.getAttribute("aria-label");
  }
  for (const element of root.querySelectorAll("[data-word-placeholder]")) {
    element.placeholder = word(element.dataset.wordPlaceholder);
  }
}

/** Calls `listener` after each change of language. */
export function onLanguage(listener) {
  listeners.push(listener);
}

/** Changes the language of the whole page. */
export async function setLanguage(wanted) {
  current = LANGUAGES.includes(wanted) ? wanted : LANGUAGES[0];
  const answer = await fetch(`/assets/${current}.json`);
  table = await answer.json();
  document.documentElement.lang = current;
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === current));
  }
  apply();
  for (const listener of listeners) {
    listener();
  }
}

/** The name of a language, in the page's own or in `within`; it may be one that the pages do not speak. */
export function languageName(tag, within = current) {
  try {
    return new Intl.DisplayNames([within], { type: "language" }).of(tag ?? LANGUAGES[0]);
  } catch {
    return tag;
  }
}

/** The languages that there are words in, each once; the first stands in for what another lacks. */
export function languages() {
  return LANGUAGES;
}

function languageButton(tag) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", lang: tag, textContent: languageName(tag, tag) });
  Object.assign(button.dataset, { language: tag, testid: `language-${tag}` });
  return button;
}

/** Picks the language (`?l=`, the last choice, the first there is) and fills and wires the switch. */
export async function startWords() {
  for (const group of document.querySelectorAll(".languages")) {
    group.replaceChildren(...LANGUAGES.map(languageButton));
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      chosen.keep(button.dataset.language);
      setLanguage(button.dataset.language);
    });
  }
  await setLanguage(new URLSearchParams(location.search).get("l") ?? chosen.get());
}

/** `14:05` in the counter's time zone. */
export function clock(time, timeZone) {
  const parts = { hour: "numeric", minute: "2-digit", hourCycle: "h23", timeZone };
  // Japanese has 1:08, English 01:08, and with `hour12: false` also 24:08. One form is told in all of them.
  return new Intl.DateTimeFormat(current, parts).format(new Date(time)).replace(/^0(?=[0-9]:)/, "");
}

/** The day in words, in the counter's time zone. */
export function day(time, timeZone) {
  const parts = { month: "long", day: "numeric", weekday: "short", timeZone };
  return new Intl.DateTimeFormat(current, parts).format(new Date(time));
}

/** `1:02:03` or `2:03` of a number of milliseconds, never below zero. */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}
