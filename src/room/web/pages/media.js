// One media connection, and how it is. Nothing is sent before both ends may be seen and heard.

/** How long a connection may be broken, unmade or not yet offered before a new one is asked for. */
const BROKEN_MS = 4000;
const UNMADE_MS = 15_000;
const UNOFFERED_MS = 30_000;

/** The connection of one epoch with one peer. */
export class Call {
  #pc;
  #waiting = [];
  #described = false;
  #timer = null;
  #closed = false;
  #last = null;
  #takes = null;
  #remote = new MediaStream();

  constructor({ room, peer, epoch, welcome, onStream, onState, onUnverified }) {
    Object.assign(this, { room, peer, epoch, onState, onUnverified });
    const iceServers = welcome.ice_servers.map(({ urls, username, credential }) => ({ urls, username, credential }));
    this.#pc = new RTCPeerConnection({
      iceServers,
      iceTransportPolicy: welcome.relay_only ? "relay" : "all",
      bundlePolicy: "max-bundle",
    });
    this.#pc.addEventListener("icecandidate", ({ candidate }) => {
      const said = { candidate: candidate?.candidate ?? "", mline: candidate?.sdpMLineIndex ?? 0 };
      this.#say({ kind: "candidate", candidate: said });
    });
    this.#pc.addEventListener("track", ({ track }) => {
      this.#remote.addTrack(track);
      onStream(this.#remote);
    });
    this.#pc.addEventListener("connectionstatechange", () => this.#changed());
    this.#giveUpAfter(UNOFFERED_MS);
  }

  /** The guest offers. */
  async offer() {
    this.#giveUpAfter(UNMADE_MS);
    this.#pc.addTransceiver("audio", { direction: "sendrecv" });
    this.#pc.addTransceiver("video", { direction: "sendrecv" });
    await this.#pc.setLocalDescription();
    this.#say({ kind: "offer", sdp: this.#pc.localDescription.sdp });
  }

  /** The counter answers. A slow guest may have taken its time to offer; the connection has its own from here. */
  async take(sdp) {
    this.#giveUpAfter(UNMADE_MS);
    await this.#pc.setRemoteDescription({ type: "offer", sdp });
    for (const transceiver of this.#pc.getTransceivers()) {
      transceiver.direction = "sendrecv";
    }
    await this.#described_();
    await this.#pc.setLocalDescription();
    this.#say({ kind: "answer", sdp: this.#pc.localDescription.sdp });
  }

  async taken(sdp) {
    await this.#pc.setRemoteDescription({ type: "answer", sdp });
    await this.#described_();
  }

  async candidate({ candidate, mline }) {
    const init = { candidate, sdpMLineIndex: mline };
    if (!this.#described) {
      this.#waiting.push(init);
      return;
    }
    // A candidate that cannot be used is no loss: others are tried.
    await this.#pc.addIceCandidate(init).catch(() => {});
  }

  /** Sends these tracks from now on; `null` sends nothing at all. */
  async send(microphone, camera) {
    for (const transceiver of this.#pc.getTransceivers()) {
      const track = transceiver.receiver.track.kind === "audio" ? microphone : camera;
      if (!this.#closed && transceiver.sender.track !== track) {
        await transceiver.sender.replaceTrack(track).catch(() => {});
      }
    }
    await this.#fit();
  }

  /** The other end can show no larger picture than this (lines and pictures a second); `null` stands for any. */
  async takes(picture) {
    this.#takes = picture;
    await this.#fit();
  }

  /** Sends a picture that the other end can show. What is written in a shared window has to stay readable: it comes seldom. */
  async #fit() {
    for (const { sender } of this.#pc.getTransceivers()) {
      if (this.#closed || sender.track?.kind !== "video") {
        continue;
      }
      const { height = 0 } = sender.track.getSettings();
      const shared = sender.track.contentHint === "detail";
      const wanted = this.#takes && (shared ? { height: Math.max(this.#takes.height, 720), rate: 5 } : this.#takes);
      const scale = wanted && height > wanted.height ? height / wanted.height : 1;
      const parameters = sender.getParameters();
      const [encoding] = parameters.encodings ?? [];
      if (!encoding || ((encoding.scaleResolutionDownBy ?? 1) === scale && encoding.maxFramerate === wanted?.rate)) {
        continue;
      }
      encoding.scaleResolutionDownBy = scale;
      if (wanted) {
        encoding.maxFramerate = wanted.rate;
      } else {
        delete encoding.maxFramerate;
      }
      // Refused while a description is being exchanged: the next figures of the other end ask again.
      await sender.setParameters(parameters).catch(() => {});
    }
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#pc.close();
  }

  get state() {
    return this.#pc.connectionState;
  }

  /** What the line was like since the last call, in the words of the room's messages. */
  async measure() {
    const now = { at: performance.now(), received: 0, lost: 0, bytesIn: 0, bytesOut: 0, frames: 0, width: 0, energy: 0 };
    let roundTrip = null;
    for (const report of (await this.#pc.getStats()).values()) {
      if (report.type === "inbound-rtp") {
        now.received += report.packetsReceived ?? 0;
        now.lost += report.packetsLost ?? 0;
        now.bytesIn += report.bytesReceived ?? 0;
        if (report.kind === "video") {
          now.frames = report.framesDecoded ?? 0;
          now.width = report.frameWidth ?? 0;
        } else {
          now.energy = report.totalAudioEnergy ?? 0;
        }
      } else if (report.type === "outbound-rtp") {
        now.bytesOut += report.bytesSent ?? 0;
      } else if (report.type === "candidate-pair" && report.nominated && report.currentRoundTripTime !== undefined) {
        roundTrip = Math.round(report.currentRoundTripTime * 1000);
      }
    }
    const before = this.#last ?? { ...now, at: now.at - 2000 };
    this.#last = now;
    const seconds = Math.max(0.001, (now.at - before.at) / 1000);
    const [received, lost] = [now.received - before.received, Math.max(0, now.lost - before.lost)];
    const rate = (to, from) => Math.max(0, Math.round((to - from) / seconds));
    return {
      totals: now,
      stats: {
        round_trip_ms: roundTrip,
        lost_permille: received + lost > 0 ? Math.min(1000, Math.round((1000 * lost) / (received + lost))) : 0,
        pictures_per_second: rate(now.frames, before.frames),
        received_bps: rate(8 * now.bytesIn, 8 * before.bytesIn),
        sent_bps: rate(8 * now.bytesOut, 8 * before.bytesOut),
      },
    };
  }

  async #described_() {
    this.#described = true;
    for (const init of this.#waiting.splice(0)) {
      await this.#pc.addIceCandidate(init).catch(() => {});
    }
  }

  #say(message) {
    if (!this.#closed) {
      this.room.say({ ...message, to: this.peer, epoch: this.epoch });
    }
  }

  #changed() {
    if (this.#closed) {
      return;
    }
    const state = this.#pc.connectionState;
    if (state === "connected") {
      clearTimeout(this.#timer);
      this.#timer = null;
    } else if (state === "disconnected") {
      this.#giveUpAfter(BROKEN_MS);
    } else if (state === "failed" && this.#isUnverified()) {
      // Not to be retried in silence: somebody else may be at the other end.
      clearTimeout(this.#timer);
      this.#say({ kind: "unverified" });
      this.onUnverified();
      return;
    } else if (state === "failed") {
      this.#giveUpAfter(0);
    }
    this.onState(state);
  }

  /** The path is there, but whoever is at its end does not have the certificate that the other side's description names. */
  #isUnverified() {
    return this.#pc.getTransceivers().some(({ sender: { transport } }) => transport?.state === "failed" && ["connected", "completed"].includes(transport.iceTransport.state));
  }

  /** Asks again each time the wait is over: the server may have said "too often". */
  #giveUpAfter(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#closed) {
        this.room.say({ kind: "rebuild", epoch: this.epoch });
        this.#giveUpAfter(BROKEN_MS);
      }
    }, milliseconds);
  }
}

/** The line in one word, with some reluctance to change it. */
export class Judge {
  #word = "good";
  #since = 0;

  judge(stats) {
    const weak = stats.lost_permille > 100 || (stats.round_trip_ms ?? 0) > 800 || stats.pictures_per_second < 4;
    const fair = stats.lost_permille > 20 || (stats.round_trip_ms ?? 0) > 300 || stats.pictures_per_second < 10;
    const now = weak ? "weak" : fair ? "fair" : "good";
    this.#since = now === this.#word ? 0 : this.#since + 1;
    if (this.#since >= 2) {
      this.#word = now;
      this.#since = 0;
    }
    return this.#word;
  }
}
