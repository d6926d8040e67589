// The guest page on a phone or a PC: the same way and the same words as the appliance on the TV.

import { Awake } from "./awake.js";
import { Contacts, offer } from "./contacts.js";
import { Devices } from "./devices.js";
import { Kept } from "./kept.js";
import { Call, Judge } from "./media.js";
import { Player } from "./player.js";
import { Room } from "./room.js";
import { Typed, tidied } from "./typed.js";
import { clock, countdown, day, knows, language, onLanguage, said, startWords, word } from "./words.js";

const MEASURE_EACH_MS = 2000;
/** Another time of the appointment is said for so long; it stands in the head as well. */
const MOVED_SHOWN_MS = 30_000;
const $ = (id) => document.getElementById(id);
const state = document.body.dataset;

const ENDS = {
  ended: { word: "end-ended" },
  "let-leave": { word: "end-let-leave", telephone: true },
  "slot-over": { word: "end-slot-over" },
  revoked: { word: "end-revoked", telephone: true },
  left: { word: "end-left", again: true },
  misbehaved: { word: "end-trouble", telephone: true, again: true },
  replaced: { word: "end-replaced" },
  "unknown-key": { word: "end-unknown-key", telephone: true, type: true },
  over: { word: "end-over", telephone: true },
  "resume-expired": { word: "end-no-key", telephone: true, type: true },
  "no-key": { word: "end-no-key", telephone: true, type: true },
};
const QUALITIES = {
  good: { word: "quality-good" },
  fair: { word: "quality-fair" },
  weak: { word: "quality-weak-guest" },
  none: { word: "quality-none" },
};

let key = null;
let room = null;
let welcome = null;
let agreed = false;
/** The rules that somebody at this page agreed to: a seat that was given up meanwhile is taken again without asking. */
let agreedTo = null;
let admitted = false;
let staffPresent = false;
let staff = null;
let call = null;
let judge = new Judge();
let quality = "none";
let hold = false;
let muted = false;
let cameraOff = false;
let checked = false;
let watched = null;
let silent = false;
let over = null;
let lineUp = true;
/** No seat was got for a while: something on the way does not let us through. */
let stuck = false;
let bannerWord = null;
// Whether somebody else may be at the other end. It is tried again once, and only when the guest wants it.
let trust = { lost: false, triedAgain: false };

// ---- the key ----

/** Takes the key out of the address, so that it stays in no history and on no screen. */
function takeKey() {
  const found = location.hash.slice(1);
  if (found) {
    // Somebody may have typed the whole address.
    key = tidied(found).letters;
    history.replaceState(null, "", location.pathname + location.search);
  }
}

/** A page that is loaded again may come back to its seat for a short while. */
const seat = new Kept("sessionStorage", "seat");
const typed = new Typed(begin);
const contacts = new Contacts();

/** Begins anew with another key. */
function begin(another) {
  key = another;
  seat.forget();
  drop();
  closeOwn();
  [welcome, staff, agreed, admitted, agreedTo, hold, bannerWord] = [null, null, false, false, null, false, null];
  trust = { lost: false, triedAgain: false };
  start();
}

// ---- the room ----

function start() {
  room?.leave();
  [over, lineUp, stuck] = [null, true, false];
  set({ state: "connecting" });
  const kept = seat.get();
  if (!key && !kept) {
    finish("no-key");
    return;
  }
  room = new Room({
    proof: key ? { by: "key", key } : null,
    language: language(),
    abilities: ["browser", "vp8", "h264"],
    on: hearing(),
  });
  if (key) {
    room.open();
  } else {
    room.resumeWith(kept);
  }
  draw();
}

function hearing() {
  return {
    welcome: (message) => {
      welcome = message;
      stuck = false;
      set({ stuck: "no" });
      seat.keep(message.resume);
      typed.forget();
      if (!message.resumed) {
        [agreed, admitted] = [false, false];
        drop();
      }
      if (message.admitted) {
        [agreed, admitted] = [true, true];
        agreedTo = message.rules;
        openOwn();
      } else if (!message.resumed && agreedTo === message.rules) {
        agreed = true;
        agree();
      }
      set({ state: admitted ? "call" : agreed ? "lobby" : "ready" });
      sayMuted();
      draw();
    },
    refused: ({ why }) => finish(why),
    bye: ({ reason }) => {
      if (reason !== "server-closing") {
        // One that is newer than this page is an ordinary end.
        finish(ENDS[reason] ? reason : "ended");
      }
    },
    line: (up) => {
      lineUp = up;
      stuck = stuck && !up;
      set({ line: up ? "up" : "lost" });
      if (!up && (agreed || admitted)) {
        announce(word("line-lost"));
      }
      draw();
    },
    stuck: () => {
      stuck = true;
      set({ stuck: "yes" });
      contacts.read().then(draw);
      draw();
      announce(word(agreed ? "line-lost" : "stuck"));
    },
    lobby: ({ staff_present }) => {
      [agreed, staffPresent] = [true, staff_present];
      agreedTo = welcome.rules;
      openOwn();
      set({ state: "lobby" });
      draw();
    },
    admitted: () => {
      admitted = true;
      set({ state: "call" });
      announce(word("admitted"));
      sendTracks();
      draw();
    },
    people: draw,
    peer: meet,
    peer_gone: ({ peer, may_return }) => {
      if (staff?.peer === peer) {
        staff.away = true;
        if (!may_return) {
          staff = null;
          drop();
        }
        draw();
      }
    },
    answer: ({ from, epoch, sdp }) => {
      if (call?.peer === from && call.epoch === epoch) {
        call.taken(sdp).catch(() => room?.say({ kind: "rebuild", epoch }));
      }
    },
    candidate: ({ from, epoch, candidate }) => {
      if (call?.peer === from && call.epoch === epoch) {
        call.candidate(candidate);
      }
    },
    muted: ({ peer, microphone, camera, speaker }) => {
      if (staff?.peer === peer) {
        Object.assign(staff, { microphoneMuted: microphone, cameraOff: camera, speakerOff: Boolean(speaker) });
        draw();
      }
    },
    peer_unverified: ({ peer, epoch }) => {
      if (call?.peer === peer && call.epoch === epoch) {
        distrust();
      }
    },
    servers: ({ ice_servers }) => {
      welcome.ice_servers = ice_servers;
    },
    moved: ({ slot, ice_servers }) => {
      Object.assign(welcome, { slot, ice_servers });
      const { time_zone: zone } = welcome;
      const news = { word: "notice-moved", blanks: { starts: clock(slot.starts, zone), ends: clock(slot.ends, zone) } };
      bannerWord = news;
      announce(word(news.word, news.blanks));
      setTimeout(() => {
        bannerWord = bannerWord === news ? null : bannerWord;
        draw();
      }, MOVED_SHOWN_MS);
      draw();
    },
    notice: ({ notice }) => hearNotice(notice),
    error: ({ code }) => {
      state.lastError = code;
    },
  };
}

function hearNotice(notice) {
  const words = {
    "five-minutes": { word: "notice-five" },
    "one-minute": { word: "notice-one" },
    "will-phone": { word: "notice-will-phone-guest" },
  };
  if (notice === "hold" || notice === "unhold") {
    hold = notice === "hold";
    sendTracks();
  } else if (notice === "staff-absent" || notice === "staff-present") {
    staffPresent = notice === "staff-present";
  } else if (words[notice]) {
    bannerWord = words[notice];
  }
  set({ notice });
  draw();
}

/** The counter is there: the guest offers. A connection of an earlier page cannot be taken up again. */
function meet({ peer, role, name, epoch }) {
  if (role !== "staff") {
    return;
  }
  const known = call?.peer === peer && call.epoch === epoch;
  staff = { ...(staff?.peer === peer ? staff : {}), peer, name, epoch, away: false };
  staffPresent = true;
  if (trust.lost) {
    room.say({ kind: "unverified", epoch });
  } else if (!known) {
    drop();
    call = new Call({
      room,
      peer,
      epoch,
      welcome,
      onStream: (stream) => player.show(stream),
      onState: (media) => {
        set({ media });
        draw();
      },
      onUnverified: distrust,
    });
    set({ media: "connecting", epoch });
    if (state.reloaded === "yes") {
      state.reloaded = "no";
      room.say({ kind: "rebuild", epoch });
    } else {
      call.offer().then(sendTracks, () => room?.say({ kind: "rebuild", epoch }));
    }
  }
  draw();
}

function drop() {
  call?.close();
  call = null;
  judge = new Judge();
  quality = "none";
  player.show(null);
  set({ media: "none" });
}

/** Nothing is shown or sent, and nothing retried in silence. */
function distrust() {
  trust.lost = true;
  drop();
  announce(word("unverified"));
  draw();
}

function tryAgain() {
  trust = { lost: false, triedAgain: true };
  room?.say({ kind: "rebuild", epoch: staff.epoch });
  draw();
}

function finish(why) {
  over = why;
  seat.forget();
  if (why === "let-leave" || why === "ended" || why === "slot-over" || why === "revoked" || why === "unknown-key") {
    key = null;
    agreedTo = null;
  }
  room?.leave();
  room = null;
  staff = null;
  [agreed, admitted, hold, bannerWord] = [false, false, false, null];
  trust = { lost: false, triedAgain: false };
  drop();
  closeOwn();
  set({ state: "over", reason: why });
  if (!welcome) {
    contacts.read().then(draw);
  }
  draw();
  $("message-title").focus();
}

// ---- own camera and microphone ----

const devices = new Devices(() => {
  applyMute();
  if (devices.microphone !== watched) {
    watched = devices.microphone;
    watchLevel();
  }
  sendTracks();
  sayMuted();
  draw();
});
const player = new Player($("staff-video"), (blocked) => {
  silent = blocked;
  sayMuted();
  draw();
});
const awake = new Awake((on) => set({ awake: on ? "on" : "off" }));

async function openOwn() {
  await devices.open();
  if (over) {
    closeOwn();
    return;
  }
  checked = true;
  draw();
}

function closeOwn() {
  devices.close();
  checked = false;
  applyMute();
}

function agree() {
  room?.say({ kind: "consent", rules: welcome.rules });
}

function applyMute() {
  if (devices.microphone) {
    devices.microphone.enabled = !muted;
  }
  if (devices.camera) {
    devices.camera.enabled = !cameraOff;
  }
  for (const id of ["self-video", "check-video"]) {
    // The same picture again would flicker.
    if (($(id).srcObject?.getVideoTracks()[0] ?? null) !== devices.camera) {
      $(id).srcObject = devices.camera ? new MediaStream([devices.camera]) : null;
    }
  }
}

/** Nothing of ours flows before we agreed and were let in, nor while on hold. */
async function sendTracks() {
  const open = agreed && admitted && !hold;
  await call?.send(open ? devices.microphone : null, open ? devices.camera : null);
  $("staff-video").muted = !open;
}

function sayMuted() {
  const [microphone, camera] = [muted || !devices.works("microphone"), cameraOff || !devices.works("camera")];
  room?.say({ kind: "mute", microphone, camera, speaker: silent });
}

function watchLevel() {
  if (!devices.microphone) {
    return;
  }
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream([devices.microphone])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const track = devices.microphone;
  const timer = setInterval(() => {
    if (track.readyState === "ended" || state.state !== "ready") {
      clearInterval(timer);
      context.close();
      return;
    }
    analyser.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    $("level").value = Math.min(1, loudness * 5);
  }, 100);
}

// ---- what is seen ----

function set(values) {
  Object.assign(state, values);
}

function announce(text) {
  $("announce").textContent = text;
}

function draw() {
  const now = state.state;
  set({
    verified: trust.lost ? "no" : "yes",
    people: room?.people.length ?? 0,
    hold: hold ? "on" : "off",
    microphone: !devices.works("microphone") ? "missing" : muted ? "muted" : "on",
    camera: !devices.works("camera") ? "missing" : cameraOff ? "off" : "on",
    sound: silent ? "blocked" : "on",
  });
  awake.want(now === "lobby" || now === "call");
  $("ready").hidden = now !== "ready";
  $("call").hidden = now !== "call";
  $("message").hidden = now === "ready" || now === "call";
  document.title = welcome ? `${said(welcome.counter)} — ${word("brand")}` : word("brand");
  if (welcome) {
    $("counter").textContent = said(welcome.counter);
  }
  if (now === "ready") {
    drawReady();
  } else if (now === "call") {
    drawCall();
  } else {
    drawMessage(now);
  }
  tick();
}

/** A refusal that has words and no more, or one that is newer than this page. */
function refusal(why) {
  return { word: knows(`end-${why}`) ? `end-${why}` : "end-other", telephone: true, again: true };
}

function drawMessage(now) {
  const end = over ? (ENDS[over] ?? refusal(over)) : null;
  let [title, text] = [word("connecting"), word("connecting-more")];
  if (end) {
    title = word(end.word);
    text = end.again ? word("again-hint") : "";
  } else if (now === "lobby" && !lineUp) {
    [title, text] = [word("line-lost"), word("line-lost-more")];
  } else if (now === "lobby" && trust.lost) {
    [title, text] = [word("unverified"), word("unverified-more")];
  } else if (now === "lobby") {
    [title, text] = staffPresent ? [word("lobby"), word("lobby-more")] : [word("lobby-absent"), word("lobby-absent-more")];
  } else if (stuck) {
    [title, text] = [word("stuck"), word("stuck-more")];
  }
  $("message-title").textContent = title;
  $("message-text").textContent = bannerWord ? word(bannerWord.word, bannerWord.blanks) : text;
  const telephone = end ? end.telephone : now === "lobby" ? !staffPresent || trust.lost || !lineUp : stuck;
  offer($("telephone"), "", telephone ? contacts.of(welcome) : []);
  $("leave-lobby").hidden = now !== "lobby";
  typed.show(Boolean(end?.type));
  $("again").hidden = !((end?.again && (key || seat.get())) || mayTryAgain() || (stuck && now === "connecting"));
}

function mayTryAgain() {
  return trust.lost && !trust.triedAgain && Boolean(staff) && !staff.away;
}

function drawReady() {
  const { slot, time_zone: zone } = welcome;
  $("ready-title").textContent = word("ready-title", { counter: said(welcome.counter) });
  $("ready-slot").textContent = `${day(slot.starts, zone)} ${clock(slot.starts, zone)}–${clock(slot.ends, zone)}`;
  $("check").hidden = checked && !devices.problem;
  $("check").textContent = word(checked ? "device-again" : "check");
  $("check-veil").hidden = Boolean(devices.camera);
  $("device-problem").hidden = !devices.problem && lineUp;
  $("device-problem").textContent = lineUp ? devices.words : word("line-lost");
}

/** What the two do not see or hear of each other, the worst first. */
function offWords() {
  const off = [
    [!lineUp, { word: "off-line" }],
    [silent, { word: "off-sound" }],
    [!devices.works("microphone"), { word: "off-microphone" }],
    [staff?.microphoneMuted, { word: "off-staff-microphone" }],
    [staff?.speakerOff, { word: "off-staff-speaker" }],
    [!devices.works("camera"), { word: "off-camera" }],
  ];
  return off.filter(([is]) => is).map(([, said]) => word(said.word)).join(" ");
}

function drawCall() {
  let [text, more, telephone] = ["", "", true];
  if (trust.lost) {
    [text, more] = [word("unverified"), word("unverified-more")];
  } else if (hold) {
    [text, more, telephone] = [word("guest-hold"), word("guest-hold-more"), false];
  } else if (!staff) {
    text = word("call-absent");
  } else if (staff.away) {
    text = word("call-away");
  } else if (state.media !== "connected") {
    text = word(lineUp ? "veil-media" : "line-lost");
  } else if (staff.cameraOff) {
    [text, telephone] = [word("staff-camera-off"), false];
  } else {
    telephone = false;
  }
  $("veil").hidden = text === "";
  $("veil-text").textContent = text;
  $("veil-more").textContent = more;
  offer($("veil-telephone"), "", telephone ? contacts.of(welcome) : []);
  $("veil-again").hidden = !mayTryAgain();
  $("banner").hidden = !bannerWord;
  $("banner").textContent = bannerWord ? word(bannerWord.word, bannerWord.blanks) : "";
  const off = staff && !hold ? offWords() : "";
  const phone = off !== "" && (silent || !lineUp || !devices.works("microphone"));
  offer($("off"), off, phone ? contacts.of(welcome) : []);
  $("sound").hidden = !silent;
  $("devices-again").hidden = !devices.problem;
  $("microphone").hidden = !devices.microphone;
  $("microphone").setAttribute("aria-pressed", String(!muted));
  $("microphone-text").textContent = devices.label("microphone", muted);
  $("camera").hidden = !devices.camera;
  $("camera").setAttribute("aria-pressed", String(!cameraOff));
  $("camera-text").textContent = devices.label("camera", cameraOff);
  $("self-video").classList.toggle("hidden", !devices.camera || cameraOff);
  $("quality").textContent = word(QUALITIES[quality].word);
  $("quality").dataset.quality = quality;
}

function tick() {
  if (!welcome || !room) {
    $("left").textContent = "";
    return;
  }
  const now = room.now();
  const { opens, starts, ends } = welcome.slot;
  const before = Date.parse(starts) - now;
  $("left").textContent = before > 0 ? word("starts-in", { time: countdown(before) }) : word("ends-in", { time: countdown(Date.parse(ends) - now) });
  const wait = Date.parse(opens) - now;
  $("opens").textContent = wait > 0 ? word("opens-in", { time: countdown(wait) }) : "";
  $("agree").disabled = wait > 0 || !checked || !lineUp;
}

async function measure() {
  const measured = call;
  if (!measured || measured.state !== "connected") {
    return;
  }
  const { stats, totals } = await measured.measure();
  if (measured !== call) {
    return;
  }
  room?.say({ kind: "stats", stats });
  set({ framesDecoded: totals.frames, frameWidth: totals.width, audioEnergy: totals.energy });
  if (admitted && !hold) {
    quality = judge.judge(staff?.cameraOff ? { ...stats, pictures_per_second: 15 } : stats);
  }
  set({ quality });
  draw();
}

// ---- wiring ----

for (const id of ["check", "devices-again"]) {
  $(id).addEventListener("click", openOwn);
}
$("agree").addEventListener("click", agree);
$("again").addEventListener("click", () => (trust.lost ? tryAgain() : start()));
$("veil-again").addEventListener("click", tryAgain);
for (const id of ["leave", "leave-lobby"]) {
  $(id).addEventListener("click", () => {
    room?.leave();
    finish("left");
  });
}
$("microphone").addEventListener("click", () => {
  muted = !muted;
  applyMute();
  sayMuted();
  announce(word(muted ? "microphone-off" : "microphone-on"));
  draw();
});
$("camera").addEventListener("click", () => {
  cameraOff = !cameraOff;
  applyMute();
  sayMuted();
  announce(word(cameraOff ? "camera-off" : "camera-on"));
  draw();
});
$("sound").addEventListener("click", () => player.play());
window.addEventListener("hashchange", () => {
  if (!location.hash) {
    return;
  }
  takeKey();
  begin(key);
});

onLanguage(draw);
takeKey();
state.reloaded = key ? "no" : "yes";
if (key) {
  seat.forget();
}
setInterval(tick, 1000);
setInterval(measure, MEASURE_EACH_MS);
await startWords();
start();
