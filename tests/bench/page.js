// Looks over a page's shoulder: its connections' figures, what its line says, and when each picture is shown.
const bench = (window.bench = { calls: [], series: [], peers: [], shown: [] });
const now = () => performance.timeOrigin + performance.now();

const Plain = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Plain {
  constructor(...all) {
    super(...all);
    bench.calls.push(this);
  }
};
const Line = window.WebSocket;
window.WebSocket = class extends Line {
  constructor(...all) {
    super(...all);
    this.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      if (message.kind === "peer-stats") bench.peers.push({ at: now(), ...message.stats });
    });
  }
};

// A page that asks whether it may really be left would keep the next run waiting.
window.addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), { capture: true });

const KEPT = [
  "kind", "framesDecoded", "framesReceived", "framesDropped", "frameWidth", "frameHeight", "freezeCount", "totalFreezesDuration",
  "packetsLost", "packetsReceived", "bytesReceived", "concealedSamples", "silentConcealedSamples", "totalSamplesReceived",
  "concealmentEvents", "jitterBufferDelay", "jitterBufferEmittedCount", "nackCount", "framesSent", "bytesSent",
  "qualityLimitationReason", "packetsSent",
];
bench.look = async () => {
  for (const [call, connection] of bench.calls.entries()) {
    if (connection.connectionState === "closed") continue;
    const seen = { at: now(), call };
    for (const report of (await connection.getStats()).values()) {
      if (report.type === "inbound-rtp" || report.type === "outbound-rtp") {
        const name = (report.type === "inbound-rtp" ? "in_" : "out_") + report.kind;
        seen[name] = Object.fromEntries(KEPT.filter((key) => key in report).map((key) => [key, report[key]]));
      } else if (report.type === "candidate-pair" && report.nominated) {
        seen.round_trip = report.currentRoundTripTime ?? null;
      }
    }
    bench.series.push(seen);
  }
};
bench.watch = (id, each) => {
  const video = document.getElementById(id);
  const shown = () => {
    bench.shown.push(now());
    video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback(shown);
  setInterval(bench.look, each);
};
bench.take = async () => {
  await bench.look();
  const { series, peers, shown, marks, tones, own, spoken, made, arrived, levels } = bench;
  return { series, peers, shown, marks, tones, own, spoken, made, arrived, levels };
};

// ---- looked at after what is measured: the pictures' numbers, whole pictures, and the tone at each second ----

const read = READ_JS;
const RAISED = 0.3;
const small = Object.assign(document.createElement("canvas"), { width: 128, height: 72 });
const number = (video) => {
  small.getContext("2d").drawImage(video, 0, RAISED * 72, 128, 72);
  const found = read(small, 128, 72);
  return found && found.identity * 256 + found.counter;
};
bench.marks = [];
bench.own = [];
/** Notes of each picture when it was taken, as far as the browser knows, when it is shown, and its number. */
bench.lookAt = (id, marks = bench.marks) => {
  const video = document.getElementById(id);
  const look = (_, { captureTime }) => {
    const at = now();
    marks.push([captureTime ? performance.timeOrigin + captureTime : null, at, number(video)]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
};
bench.picture = (id) => {
  const video = document.getElementById(id);
  const whole = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  whole.getContext("2d").drawImage(video, 0, 0, 1280, 720);
  // Out of the copy, so that both are the same picture.
  return { number: number(whole), png: whole.toDataURL("image/png").split(",")[1] };
};

/** Notes when the tone at each second begins in what a source of a context gives. */
const hear = (context, source, tones) => {
  const ear = context.createScriptProcessor(256, 1, 1);
  let [ahead, loudest, last] = [Infinity, 0, -Infinity];
  ear.addEventListener("audioprocess", ({ playbackTime, inputBuffer }) => {
    // The context's clock as the page's: what comes soonest waited least for its turn.
    ahead = Math.min(ahead, now() - playbackTime * 1000);
    const samples = inputBuffer.getChannelData(0);
    let [one, two] = [0, 0];
    const turn = 2 * Math.cos((2 * Math.PI * 1800) / 48000);
    for (const sample of samples) [one, two] = [sample + turn * one - two, one];
    const loudness = Math.sqrt(Math.max(0, one * one + two * two - turn * one * two)) / samples.length;
    loudest = Math.max(loudest * 0.9995, loudness);
    if (loudness > 0.5 * loudest && loudness > 0.005 && playbackTime - last > 0.6) {
      last = playbackTime;
      tones.push(playbackTime * 1000 + ahead);
    }
  });
  source.connect(ear);
  ear.connect(context.destination);
};
bench.tones = [];
bench.spoken = [];
/** Notes when a track's tone at each second begins. */
bench.listenTo = (track, tones = bench.tones) => {
  const context = new AudioContext({ sampleRate: 48000 });
  hear(context, context.createMediaStreamSource(new MediaStream([track])), tones);
};
bench.made = [];
bench.arrived = [];
/** Makes tones of its own, and notes when they are made and when a listener at a track hears them: so late it always is. */
bench.listensToItself = () => {
  const context = new AudioContext({ sampleRate: 48000 });
  const [tone, loud, track] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
  tone.frequency.value = 1800;
  loud.gain.value = 0;
  for (let second = 1; second < 60; second++) {
    loud.gain.setValueAtTime(0.3, context.currentTime + second);
    loud.gain.setValueAtTime(0, context.currentTime + second + 0.1);
  }
  tone.connect(loud).connect(track);
  tone.start();
  hear(context, loud, bench.made);
  bench.listenTo(track.stream.getAudioTracks()[0], bench.arrived);
};
/** Looks at the other end's pictures and the own ones, and listens to both, from now on; this takes the browser some time. */
bench.looksClosely = (other, own) => {
  bench.lookAt(other);
  bench.lookAt(own, bench.own);
  const track = document.getElementById(other).srcObject?.getAudioTracks()[0];
  if (track) bench.listenTo(track);
  bench.listenTo(bench.microphone, bench.spoken);
  bench.listensToItself();
};
bench.levels = [];
/** Notes how loud another end is from now on: moments, and power of about 85 ms before each (1 is full scale). */
bench.weighs = (id) => {
  const context = new AudioContext({ sampleRate: 48000 });
  const scale = context.createScriptProcessor(4096, 1, 1);
  scale.addEventListener("audioprocess", ({ inputBuffer }) => {
    const samples = inputBuffer.getChannelData(0);
    bench.levels.push([now(), samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length]);
  });
  context.createMediaStreamSource(new MediaStream(document.getElementById(id).srcObject.getAudioTracks())).connect(scale);
  scale.connect(context.destination);
};
let drawn = null;
/** A real sound card leaves no made-up camera: its pictures (720p at 30/s, patterns that move) are drawn. */
bench.drawsItsCamera = () => {
  const wall = Object.assign(document.createElement("canvas"), { width: 1440, height: 720 });
  const paint = wall.getContext("2d");
  for (let at = 0; at < 4000; at++) {
    paint.fillStyle = `hsl(${(at * 47) % 360} 40% ${30 + ((at * 31) % 50)}%)`;
    paint.fillRect((at * 7919) % 1440, (at * 104729) % 720, 8 + (at % 40), 8 + (at % 90));
  }
  drawn = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const picture = drawn.getContext("2d");
  setInterval(() => picture.drawImage(wall, -80 - 80 * Math.sin(performance.now() / 700), 0), 1000 / 30);
};
const media = navigator.mediaDevices;
const ask = media.getUserMedia.bind(media);
media.getUserMedia = async (wanted) => {
  const stream = drawn && wanted.video ? drawn.captureStream(30) : await ask(wanted);
  if (drawn && wanted.video && wanted.audio) {
    (await ask({ audio: wanted.audio })).getAudioTracks().forEach((track) => stream.addTrack(track));
  }
  bench.microphone = stream.getAudioTracks()[0] ?? bench.microphone;
  return stream;
};
