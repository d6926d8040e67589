// The staff page: a seat at the counter, the guest's picture, and everything a clerk can do.

import { Appointments } from "./appointments.js";
import { Attention } from "./attention.js";
import { Awake } from "./awake.js";
import { Call, Judge } from "./media.js";
import { Own } from "./own.js";
import { Player } from "./player.js";
import { Room } from "./room.js";
import { SignedIn } from "./signed-in.js";
import { clock, countdown, language, languageName, onLanguage, said, startWords, word } from "./words.js";

const MEASURE_EACH_MS = 2000;
// As the model says (EchoStats::ENOUGH_DB).
const ECHO_HEARD_DB = 15;
const $ = (id) => document.getElementById(id);
const state = document.body.dataset;

const QUALITIES = {
  good: { word: "quality-good" },
  fair: { word: "quality-fair" },
  weak: { word: "quality-weak" },
  none: { word: "quality-none" },
  ready: { word: "quality-ready" },
};
const BYES = {
  ended: { word: "bye-ended" },
  "slot-over": { word: "bye-slot-over" },
  revoked: { word: "bye-revoked" },
  replaced: { word: "bye-replaced" },
  "signed-out": { word: "bye-signed-out" },
  left: { word: "bye-left" },
  misbehaved: { word: "bye-misbehaved" },
  "let-leave": { word: "bye-ended" },
};
const REFUSALS = {
  over: { word: "refused-over" },
  revoked: { word: "refused-revoked" },
  "room-full": { word: "refused-room-full" },
  "not-staff": { word: "refused-not-staff" },
  version: { word: "refused-version" },
  other: { word: "refused-other" },
};
let room = null;
let welcome = null;
let guest = null;
let call = null;
let judge = new Judge();
let stuck = false;
let hold = false;
let ended = null;
let quality = "none";
/** A colleague took the seat: how that is said. */
let relievedBy = null;
/** So often our own seat was refused although somebody is signed in. */
let unwelcome = 0;

// ---- a seat ----

async function take(appointment) {
  const { held_by: name } = appointment.state;
  const colleague = name !== null && name !== appointments.staff ? name : null;
  const notes = hasNotes();
  const costs = guest && notes ? word("change-text-both") : guest ? word("change-text") : notes ? word("change-text-notes") : "";
  if (colleague) {
    const text = `${word("take-over-text", { name })} ${costs}`.trim();
    if (!(await confirm(word("take-over-title", { name }), text, word("take-over"), "primary"))) {
      return;
    }
  } else if (costs && !(await confirm(word("change-title"), costs, word("change-do")))) {
    return;
  }
  sit(appointment, colleague !== null);
}

/** Takes the seat; a colleague who holds it is relieved only when that was confirmed. */
function sit(appointment, takeOver) {
  leave();
  ended = null;
  stuck = false;
  // Notes about one family must not be there for the next.
  $("notes").value = "";
  appointments.seated = appointment.id;
  appointments.draw();
  set({ room: "connecting" });
  own.openFirst();
  room = new Room({
    proof: { by: "staff", appointment: appointment.id, take_over: takeOver },
    language: language(),
    abilities: ["browser", "vp8", "h264", "share-screen"],
    on: hearing(appointment),
  });
  room.open();
  // A small window is scrolled, and a full one never is.
  if (getComputedStyle(document.body).overflowY !== "hidden") {
    $("picture").scrollIntoView({ block: "start" });
  }
  draw();
}

/** Notes are kept nowhere: before they vanish, somebody is asked. */
function hasNotes() {
  return $("notes").value.trim() !== "";
}

/** What a message does. */
function hearing(appointment) {
  return {
    welcome: (message) => {
      welcome = message;
      // Confirmed once: whoever relieves us while our line is lost is not thrown out again.
      room.proof.take_over = false;
      [stuck, unwelcome] = [false, 0];
      set({ room: "seated" });
      own.sayWhatIsOff();
      draw();
    },
    refused: ({ why, by }) => (why === "taken" ? taken(appointment, by) : finish(REFUSALS[why] ?? REFUSALS.other)),
    signed_out: comeBackSignedIn,
    bye: ({ reason }) => {
      if (reason !== "server-closing") {
        finish(relievedBy ?? BYES[reason] ?? BYES.ended);
      }
    },
    taken_over: ({ by: name }) => {
      relievedBy = { word: "bye-taken-over", blanks: { name } };
    },
    line: (up) => {
      if (!up && state.room === "seated") {
        set({ room: "lost" });
      }
      draw();
    },
    stuck: () => {
      stuck = true;
      draw();
    },
    people: draw,
    peer: meet,
    peer_gone: ({ peer, may_return }) => {
      if (guest?.peer !== peer) {
        return;
      }
      guest.away = true;
      if (!may_return) {
        guest = null;
        drop();
      }
      announce(word(may_return ? "guest-line-lost" : "guest-gone"));
      draw();
    },
    offer: async ({ from, epoch, sdp }) => {
      if (call?.peer === from && call.epoch === epoch) {
        await call.take(sdp).catch(() => room?.say({ kind: "rebuild", epoch }));
        await sendTracks();
      }
    },
    candidate: ({ from, epoch, candidate }) => {
      if (call?.peer === from && call.epoch === epoch) {
        call.candidate(candidate);
      }
    },
    muted: ({ peer, microphone, camera, speaker }) => {
      if (guest?.peer === peer) {
        Object.assign(guest, { microphoneMuted: microphone, cameraOff: camera, speakerOff: Boolean(speaker) });
        draw();
      }
    },
    peer_unverified: ({ peer, epoch }) => {
      if (guest?.peer === peer && guest.epoch === epoch) {
        distrust();
      }
    },
    peer_stats: ({ peer, stats }) => {
      if (guest?.peer === peer) {
        guest.stats = stats;
        call?.takes(stats.takes ?? null);
      }
    },
    servers: ({ ice_servers }) => {
      welcome.ice_servers = ice_servers;
    },
    moved: ({ slot, ice_servers }) => {
      Object.assign(welcome, { slot, ice_servers });
      const { time_zone: zone } = welcome;
      banner(word("notice-moved", { starts: clock(slot.starts, zone), ends: clock(slot.ends, zone) }));
      appointments.read();
      draw();
    },
    notice: ({ notice }) => {
      if (notice === "hold" || notice === "unhold") {
        hold = notice === "hold";
        sendTracks();
      }
      const words = { "five-minutes": { word: "notice-five" }, "one-minute": { word: "notice-one" }, "will-phone": { word: "notice-will-phone" } };
      if (words[notice]) {
        banner(word(words[notice].word));
      }
      draw();
    },
    error: ({ code }) => {
      document.body.dataset.lastError = code;
    },
  };
}

/** A colleague was quicker; or relieved us while our line was lost. */
async function taken(appointment, name) {
  if (welcome) {
    finish({ word: "bye-taken-over", blanks: { name } });
    return;
  }
  leave();
  appointments.read();
  if (await confirm(word("take-over-title", { name }), word("take-over-text", { name }), word("take-over"), "primary")) {
    sit(appointment, true);
  }
}

/** Our seat is kept from us: until the clerk signs in again, or for good when somebody else is signed in now. */
async function comeBackSignedIn() {
  const signedIn = await appointments.read();
  unwelcome = signedIn ? unwelcome + 1 : 0;
  if (unwelcome > 2 && room) {
    finish(REFUSALS["not-staff"]);
  }
}

/** Somebody who agreed to the rules: a connection is to be made, or something about it changed. */
function meet({ peer, epoch, language: speaks, admitted, role, firmware, outdated }) {
  if (role !== "guest") {
    return;
  }
  const news = guest?.peer !== peer;
  const unverified = !news && guest.epoch === epoch && guest.unverified;
  guest = { ...(news ? {} : guest), peer, epoch, speaks, admitted, firmware, outdated, unverified, away: false };
  if (news && !admitted) {
    announce(word("waiting"));
  }
  if (!unverified && (call?.peer !== peer || call.epoch !== epoch)) {
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
  }
  sendTracks();
  draw();
}

function drop() {
  call?.close();
  call = null;
  judge = new Judge();
  quality = "none";
  player.show(null);
  $("figures").textContent = "";
  set({ media: "none" });
}

/** Somebody else may be at the other end: nothing is shown or sent until the family tries again. */
function distrust() {
  guest.unverified = true;
  drop();
  announce(word("veil-unverified"));
  draw();
}

function leave() {
  ended = null;
  clearSeat();
}

function finish(why) {
  ended = why;
  announce(word(why.word, why.blanks));
  clearSeat();
  appointments.read();
}

function clearSeat() {
  room?.leave();
  room = null;
  welcome = null;
  guest = null;
  hold = false;
  relievedBy = null;
  drop();
  own.close();
  appointments.seated = null;
  banner("");
  set({ room: ended ? "ended" : "none" });
  appointments.draw();
  draw();
}

// ---- own camera and microphone ----

const own = new Own({
  say: (message) => room?.say(message),
  send: sendTracks,
  seated: () => room !== null,
  draw,
  announce,
});
const player = new Player($("guest-video"), (blocked) => own.hears(blocked));
const awake = new Awake((on) => set({ awake: on ? "on" : "off" }));

/** Nothing of ours flows before the guest is let in, nor while on hold. */
async function sendTracks() {
  const open = Boolean(guest?.admitted) && !hold;
  await call?.send(open ? own.microphone : null, open ? own.picture : null);
  $("guest-video").muted = !open;
}

async function toggleShare() {
  if (own.share.track) {
    own.share.stop();
  } else if (await confirm(word("share-title"), word("share-text"), word("share-do"), "primary")) {
    await own.share.start();
  }
}

// ---- what a clerk does ----

function admit() {
  if (guest && !guest.admitted) {
    room.say({ kind: "admit", peer: guest.peer });
  }
}

function toggleHold() {
  room?.say({ kind: "hold", on: !hold });
}

async function willPhone() {
  if (await confirm(word("will-phone-title"), word("will-phone-text"), word("will-phone-do"), "primary")) {
    room?.say({ kind: "will-phone" });
  }
}

async function letLeave() {
  const peer = guest?.peer;
  if (peer && (await confirm(word("let-leave-title"), word("let-leave-text"), word("let-leave-do")))) {
    room?.say({ kind: "let-leave", peer });
  }
}

async function end() {
  if (await confirm(word("end-title"), word("end-text"), word("end-do"))) {
    room?.say({ kind: "end" });
  }
}

/** Asks before something that cannot be undone. */
function confirm(title, text, yes, look = "danger") {
  const dialog = $("confirm");
  if (dialog.open) {
    return Promise.resolve(false);
  }
  $("confirm-title").textContent = title;
  $("confirm-text").textContent = text;
  $("confirm-yes").textContent = yes;
  $("confirm-yes").className = look;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
  });
}

// ---- what is seen ----

function set(values) {
  Object.assign(state, values);
}

function announce(text) {
  $("announce").textContent = text;
}

let bannerTimer = null;
function banner(text) {
  clearTimeout(bannerTimer);
  $("banner").textContent = text;
  $("banner").hidden = text === "";
  bannerTimer = setTimeout(() => {
    $("banner").hidden = true;
  }, 15_000);
}

function draw() {
  const seated = room !== null;
  set({
    verified: guest?.unverified ? "no" : "yes",
    guest: !guest ? "none" : guest.away ? "away" : guest.admitted ? "admitted" : "waiting",
    people: room?.people.length ?? 0,
    hold: hold ? "on" : "off",
    microphone: !own.devices.works("microphone") ? "missing" : own.muted ? "muted" : "on",
    camera: !own.devices.works("camera") ? "missing" : own.cameraOff ? "off" : "on",
    sound: own.silent ? "blocked" : "on",
    sharing: own.share.track ? "on" : "off",
  });
  drawControls(seated);
  drawVeil();
  const waits = Boolean(guest) && !guest.admitted && !guest.away;
  $("waiting").hidden = !waits;
  $("waiting-language").textContent = waits ? word("speaks", { language: languageName(guest.speaks) }) : "";
  $("guest").textContent = guestWords();
  const off = guest?.admitted ? guestOffWords() : "";
  $("guest-muted").hidden = off === "";
  $("guest-muted").textContent = off;
  $("sound").hidden = !own.silent;
  awake.want(seated);
  $("device-problem").hidden = !own.devices.problem;
  $("device-problem-text").textContent = own.devices.words;
  $("quality").textContent = word(QUALITIES[quality].word);
  $("quality").dataset.quality = quality;
  $("echo").hidden = !(guest?.admitted && guest.stats?.echo?.loss_db < ECHO_HEARD_DB);
  tick();
}

/** What is off at the guest's: paused, missing, or a TV without sound. */
function guestOffWords() {
  const { microphoneMuted, cameraOff: dark, speakerOff } = guest;
  const off = [
    [speakerOff, { word: "guest-no-sound" }],
    [microphoneMuted && dark, { word: "guest-both-off" }],
    [microphoneMuted && !dark, { word: "guest-microphone-off" }],
    [dark && !microphoneMuted, { word: "guest-camera-off" }],
  ];
  return off.filter(([is]) => is).map(([, said]) => word(said.word)).join(" · ");
}

function drawControls(seated) {
  const admitted = Boolean(guest?.admitted);
  const usable = {
    microphone: seated && own.devices.microphone,
    camera: seated && own.devices.camera,
    share: seated,
    hold: seated && admitted,
    "will-phone": seated && guest,
    "let-leave": seated && guest,
    end: seated,
  };
  for (const [id, can] of Object.entries(usable)) {
    $(id).disabled = !can;
  }
  $("microphone").setAttribute("aria-pressed", String(!own.muted));
  $("microphone-text").textContent = seated ? own.devices.label("microphone", own.muted) : word("microphone");
  $("camera").setAttribute("aria-pressed", String(!own.cameraOff));
  $("camera-text").textContent = seated ? own.devices.label("camera", own.cameraOff) : word("camera");
  $("share").setAttribute("aria-pressed", String(Boolean(own.share.track)));
  $("hold").setAttribute("aria-pressed", String(hold));
  $("other-camera").hidden = !(seated && own.cameras.length > 1);
  $("leave-room").hidden = !seated;
  $("change-time").hidden = !welcome;
  $("self-video").classList.toggle("hidden", !own.share.track && (!own.devices.camera || own.cameraOff));
}

function drawVeil() {
  let [text, more] = ["", ""];
  if (ended) {
    [text, more] = [word(ended.word, ended.blanks), word("veil-choose")];
  } else if (!room) {
    [text, more] = [word("veil-none"), word("veil-choose")];
  } else if (state.room === "lost") {
    [text, more] = stuck ? [word("stuck-staff"), word("stuck-staff-more")] : [word("veil-lost"), word("veil-lost-more")];
  } else if (state.room === "connecting") {
    [text, more] = stuck ? [word("stuck-staff"), word("stuck-staff-more")] : [word("veil-connecting"), ""];
  } else if (!guest) {
    [text, more] = [word("veil-empty"), word("veil-empty-more")];
  } else if (guest.away) {
    [text, more] = [word("guest-line-lost"), word("veil-away-more")];
  } else if (guest.unverified) {
    [text, more] = [word("veil-unverified"), word("veil-unverified-more")];
  } else if (!guest.admitted) {
    [text, more] = [word("veil-waiting"), word("veil-waiting-more")];
  } else if (hold) {
    [text, more] = [word("veil-hold"), word("veil-hold-more")];
  } else if (state.media !== "connected") {
    text = word("veil-media");
  }
  $("veil").hidden = text === "";
  $("veil-text").textContent = text;
  $("veil-more").textContent = more;
}

function guestWords() {
  if (!guest) {
    return word("guest-none");
  }
  const speaks = word("speaks", { language: languageName(guest.speaks) });
  const where = guest.away ? word("guest-away") : guest.admitted ? word("guest-admitted") : word("guest-waiting");
  const device = guest.firmware ? word(guest.outdated ? "firmware-old" : "firmware", { version: guest.firmware }) : "";
  return `${where} ${speaks} ${device}`.trimEnd();
}

function tick() {
  if (!welcome) {
    $("left").textContent = "–";
    $("slot").textContent = "";
    return;
  }
  const { slot, time_zone: zone } = welcome;
  const before = Date.parse(slot.starts) - room.now();
  const left = Date.parse(slot.ends) - room.now();
  $("left").textContent = countdown(before > 0 ? before : left);
  $("left").classList.toggle("short", before <= 0 && left < 5 * 60_000);
  const times = { starts: clock(slot.starts, zone), ends: clock(slot.ends, zone) };
  $("slot").textContent = `${said(welcome.counter)} ${word(before > 0 ? "slot-before" : "slot-now", times)}`;
}

async function measure() {
  const measured = call;
  if (!measured || measured.state !== "connected") {
    $("figures").textContent = "";
    return;
  }
  const { stats, totals } = await measured.measure();
  if (measured !== call) {
    return;
  }
  room?.say({ kind: "stats", stats });
  set({ framesDecoded: totals.frames, frameWidth: totals.width, audioEnergy: totals.energy });
  if (guest?.admitted && !hold) {
    const both = guest.stats ? worse(stats, guest.stats) : stats;
    // A camera that is off sends no pictures; that is no fault of the line.
    quality = judge.judge(guest.cameraOff ? { ...both, pictures_per_second: 15 } : both);
    const figures = word("figures", {
      round_trip: both.round_trip_ms ?? "–",
      lost: (both.lost_permille / 10).toFixed(1),
      pictures: stats.pictures_per_second,
    });
    const { loss_db: loss, delay_ms: delay } = guest.stats?.echo ?? {};
    $("figures").textContent = loss === undefined ? figures : word("figures-echo", { figures, loss, delay });
  }
  if (!guest?.admitted) {
    quality = "ready";
  }
  set({ quality });
  draw();
}

function worse(own, other) {
  return {
    ...own,
    round_trip_ms: Math.max(own.round_trip_ms ?? 0, other.round_trip_ms ?? 0),
    lost_permille: Math.max(own.lost_permille, other.lost_permille),
  };
}

// ---- wiring ----

const appointments = new Appointments({
  choose: take,
  confirm,
  busy: () => room !== null || hasNotes() || document.querySelector("dialog[open]") !== null,
  signIn: () => signedIn.ask(),
  announce,
  onList: (list) => {
    $("to-ledger").hidden = !list.may_lend;
    $("who").textContent = list.staff;
    signedIn.look(list);
    $("city").textContent = said(list.city);
    attention.look(list, appointments.seated);
  },
  onTrouble: (trouble) => {
    $("trouble").hidden = trouble === null;
    $("trouble-text").textContent = trouble ? word(trouble.word) : "";
    const out = trouble?.word === "trouble-signed-out";
    $("trouble-sign-in").hidden = !out;
    signedIn.isOver(out);
  },
});
const signedIn = new SignedIn({
  announce,
  onBack: () => {
    appointments.read();
    room?.hurry();
  },
});
const attention = new Attention({ announce });

const clicks = {
  sound: () => player.play(),
  microphone: () => own.toggleMicrophone(),
  camera: () => own.toggleCamera(),
  share: toggleShare,
  "other-camera": () => own.otherCamera(),
  hold: toggleHold,
  admit,
  "will-phone": willPhone,
  "let-leave": letLeave,
  end,
  "leave-room": leave,
  "change-time": () => appointments.changeTime(appointments.seated),
  "devices-again": () => own.open(),
};
for (const [id, does] of Object.entries(clicks)) {
  $(id).addEventListener("click", does);
}

const keys = { F2: "microphone", F4: "camera", F8: "admit", F9: "hold" };
document.addEventListener("keydown", (event) => {
  const plain = !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey && !event.isComposing;
  const id = keys[event.key];
  if (id && plain && !document.querySelector("dialog:modal")) {
    event.preventDefault();
    const button = $(id);
    if (!button.disabled && button.offsetParent !== null) {
      button.click();
    }
  }
});

window.addEventListener("beforeunload", (event) => {
  if (guest?.admitted || hasNotes()) {
    event.preventDefault();
  }
});

onLanguage(() => {
  appointments.draw();
  draw();
});
setInterval(tick, 1000);
setInterval(measure, MEASURE_EACH_MS);
await startWords();
await appointments.start();
set({ ready: "yes" });
