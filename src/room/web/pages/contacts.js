// Whom to phone when there is no room: the counters' telephone numbers, which are no secret.

import { language, said, word } from "./words.js";

/** Shows `text` and links that dial in `place`; hidden when there is nothing. The same again keeps the keyboard's place. */
export function offer(place, text, counters) {
  const shown = JSON.stringify([text, counters, language()]);
  place.hidden = text === "" && counters.length === 0;
  if (place.dataset.shown === shown) {
    return;
  }
  place.dataset.shown = shown;
  const links = counters.map(({ name, telephone: number }) => {
    const link = document.createElement("a");
    link.href = `tel:${number.replace(/[^0-9+]/g, "")}`;
    link.textContent = `${counters.length > 1 ? `${said(name)} ` : ""}${word("telephone", { number })}`;
    return link;
  });
  place.replaceChildren(...(text ? [text, " "] : []), ...links);
}

/** The city's counters, once they are known. */
export class Contacts {
  counters = [];

  /** Asks the server; gives up in silence, since there is nothing else to say then. */
  async read() {
    try {
      const answer = await fetch("/api/counters");
      if (answer.ok) {
        this.counters = await answer.json();
      }
    } catch {
      // No network at all.
    }
  }

  /** Whom to phone: the room's counter, or else every counter of the city. */
  of(welcome) {
    return welcome ? [{ name: welcome.counter, telephone: welcome.telephone }] : this.counters;
  }
}
