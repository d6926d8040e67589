// The other end's picture and sound, played on whatever the browser does to them.

/**
 * Plays the other end's picture and sound in `video`. A browser may pause it (a call came in, the page was locked, no
 * press yet): then it is started again, and where that needs a press, `blocked(true)` asks for one.
 */
export class Player {
  #video;
  #blocked;

  constructor(video, blocked) {
    [this.#video, this.#blocked] = [video, blocked];
    video.addEventListener("pause", () => this.play());
    video.addEventListener("playing", () => blocked(false));
    document.addEventListener("visibilitychange", () => this.play());
  }

  show(stream) {
    this.#video.srcObject = stream;
    this.play();
    if (!stream) {
      this.#blocked(false);
    }
  }

  play() {
    if (!this.#video.srcObject || document.hidden) {
      return;
    }
    this.#video.play().catch((error) => {
      // Only this one means that the browser wants a press first; others are a newer picture taking over.
      if (error.name === "NotAllowedError") {
        this.#blocked(true);
      }
    });
  }
}
