// Asking the server.

const ANSWER_WITHIN_MS = 10_000;

/** Asks the server; `null` when nothing came back. */
export async function ask(address, options = {}) {
  try {
    return await fetch(address, { ...options, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  } catch {
    return null;
  }
}
