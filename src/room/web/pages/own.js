// The clerk's own camera, microphone and shared screen: what of them goes out, and what the guest is told is off.

import { Devices, Share } from "./devices.js";
import { word } from "./words.js";

/** A browser's own question that nobody answers is waited for only so long. */
const OPENING_MS = 3000;
const selfVideo = document.getElementById("self-video");

/**
 * `say` tells the room, `send` gives the tracks to the call, `seated` says whether there is one, `draw` shows what is new, and
 * `announce` tells whoever listens.
 */
export class Own {
  muted = false;
  cameraOff = false;
  /** The guest is not heard here: the browser wants a press first. */
  silent = false;
  /** Every camera of this machine. */
  cameras = [];
  /** What is being opened for a seat: the browser has not given it yet, and it is not off for that. */
  #opening = null;

  constructor({ say, send, seated, draw, announce }) {
    Object.assign(this, { say, send, seated, draw, announce });
    this.devices = new Devices(async () => {
      if (navigator.mediaDevices) {
        this.cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
      }
      await this.#changed();
    });
    this.share = new Share(() => this.#changed());
  }

  get microphone() {
    return this.devices.microphone;
  }

  /** The shared screen, or else the camera. */
  get picture() {
    return this.share.track ?? this.devices.camera;
  }

  /** Opens both for a new seat. */
  async openFirst() {
    const mine = {};
    this.#opening = mine;
    const opened = () => {
      if (this.#opening === mine) {
        this.#opening = null;
        this.sayWhatIsOff();
      }
    };
    setTimeout(opened, OPENING_MS);
    await this.open();
    opened();
  }

  async open() {
    await this.devices.open();
    if (!this.seated()) {
      this.devices.close();
    }
  }

  close() {
    this.devices.close();
    this.share.stop();
    selfVideo.srcObject = null;
  }

  sayWhatIsOff() {
    if (this.#opening) {
      return;
    }
    const { devices, muted, cameraOff, share, silent: speaker } = this;
    const [microphone, camera] = [muted || !devices.works("microphone"), cameraOff || !devices.works("camera")];
    this.say({ kind: "mute", microphone, camera: camera && !share.track, speaker });
  }

  /** The guest is heard again, or not. */
  hears(silent) {
    this.silent = silent;
    this.sayWhatIsOff();
    this.draw();
  }

  toggleMicrophone() {
    this.muted = !this.muted;
    this.#toggled(word(this.muted ? "microphone-off" : "microphone-on"));
  }

  toggleCamera() {
    this.cameraOff = !this.cameraOff;
    this.#toggled(word(this.cameraOff ? "camera-off" : "camera-on"));
  }

  async otherCamera() {
    const current = this.devices.camera?.getSettings().deviceId;
    const next = (this.cameras.findIndex(({ deviceId }) => deviceId === current) + 1) % this.cameras.length;
    await this.devices.look(this.cameras[next]?.deviceId);
  }

  #toggled(text) {
    this.#apply();
    this.sayWhatIsOff();
    this.announce(text);
    this.draw();
  }

  async #changed() {
    this.#apply();
    await this.send();
    this.sayWhatIsOff();
    this.draw();
  }

  #apply() {
    const { microphone, camera } = this.devices;
    if (microphone) {
      microphone.enabled = !this.muted;
    }
    if (camera) {
      camera.enabled = !this.cameraOff;
    }
    // The same picture again would flicker.
    if ((selfVideo.srcObject?.getVideoTracks()[0] ?? null) !== this.picture) {
      selfVideo.srcObject = this.picture ? new MediaStream([this.picture]) : null;
    }
  }
}
