// The workbench's page: shows the desk and sends its commands. The desk keeps the state; this page keeps none.
const $ = (id) => document.getElementById(id);
const here = `ws://${location.host}`;
const LARGEST = 32 * 1024 * 1024;
const HOLD = 3000;

let socket;
let state;

// --- the line to the desk

function connect() {
  socket = new WebSocket(`${here}/socket`);
  socket.onopen = () => {
    $("trace").replaceChildren();
    connected(true);
  };
  socket.onmessage = ({ data }) => {
    const said = JSON.parse(data);
    if (said.state) show((state = said.state));
    if (said.line !== undefined) trace(said.line);
    if (said.refused) refused(said.refused);
  };
  socket.onclose = () => {
    connected(false);
    letGo();
    setTimeout(connect, 1000);
  };
}

function connected(yes) {
  const chip = $("connected");
  chip.dataset.on = yes;
  chip.replaceChildren(yes ? "つながっています " : "つながっていません ", english(yes ? "connected" : "not connected"));
}

function send(command) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
}

let quiet;
function refused(why) {
  $("refused").textContent = why;
  $("refused").hidden = false;
  clearTimeout(quiet);
  quiet = setTimeout(() => ($("refused").hidden = true), 12000);
}

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
const english = (text) => make("span", { lang: "en" }, text);

// --- the button: real edges, and up again whatever happens

let down = false;
let downSince = 0;

function press() {
  if (down || socket.readyState !== WebSocket.OPEN) return;
  down = true;
  downSince = performance.now();
  send({ do: "down" });
  requestAnimationFrame(ring);
}
function letGo() {
  if (!down) return;
  down = false;
  send({ do: "up" });
  ring();
}
function ring() {
  const held = down ? Math.max(0, performance.now() - downSince - 300) / (HOLD - 300) : 0;
  $("ring").style.setProperty("--held", Math.min(held, 1) * 100);
  if (down) requestAnimationFrame(ring);
}

const button = $("button");
button.addEventListener("pointerdown", (event) => {
  if (event.button === 0) press();
});
// Wherever the finger has slid to meanwhile.
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, letGo);
button.addEventListener("contextmenu", (event) => event.preventDefault());
const isTyped = (target) => target.closest?.("input, select, textarea, button:not(#button)");
addEventListener("keydown", (event) => {
  const ours = event.code === "Space" || (event.code === "Enter" && event.target === button);
  if (!ours || isTyped(event.target)) return;
  event.preventDefault();
  if (!event.repeat) press();
});
addEventListener("keyup", (event) => {
  if (event.code === "Space" || event.code === "Enter") letGo();
});
addEventListener("blur", letGo);
addEventListener("pagehide", letGo);

// --- what the desk shows

const LIGHTS = {
  off: ["消灯", "Off"],
  breathing: ["準備中", "Breathing: busy"],
  steady: ["押してください", "Steady: your turn"],
  "on-air": ["カメラ・マイク使用中", "On air"],
  fast: ["確認してください", "Fast: needs somebody"],
};

function show(state) {
  button.dataset.light = state.light;
  button.dataset.down = state.button_down;
  const [ja, en] = LIGHTS[state.light];
  $("light-ja").textContent = ja;
  $("light-en").textContent = en;
  for (const lamp of document.querySelectorAll(".lamp")) {
    const camera = (lamp.dataset.lamp ?? "camera") === "camera";
    lamp.dataset.open = (camera ? state.camera_open : state.microphone_open) > 0;
  }
  const { carries, trouble, joined, cable } = state.radio;
  const line = $("line");
  line.dataset.on = carries;
  line.textContent = carries
    ? `回線あり Online · ${cable === "reachable" ? "ケーブル cable" : joined}`
    : `回線なし Offline${trouble ? ` · ${trouble}` : ""}`;
  items(state);
  network(state.radio);
  switches(state);
}

/** Runs `draw` only when what it shows has changed, and keeps the focus where it was. */
const drawn = new Map();
function when(name, shown, box, draw) {
  const text = JSON.stringify(shown);
  if (drawn.get(name) === text) return;
  drawn.set(name, text);
  const focus = box.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  draw();
  if (focus) box.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
}

function items({ items, shown }) {
  const box = $("items");
  when("items", [items, shown], box, () => {
    box.replaceChildren(
      ...items.map(({ id, ja, en, version }) => {
        const item = make("button", { role: "radio", ariaChecked: id === shown, title: id });
        item.dataset.key = id;
        item.append(make("img", { src: `/thumbnail/${encodeURIComponent(id)}?${version}`, alt: "" }));
        item.append(make("div", {}, make("b", {}, ja), ja === en ? "" : english(en)));
        item.onclick = () => send({ do: "show", id });
        return item;
      }),
    );
  });
}

const INTERNET = {
  reachable: "インターネット Internet",
  portal: "同意ページ Portal",
  "no-address": "アドレスなし No address",
  "no-names": "名前を引けない No names",
  "no-internet": "回線なし No internet",
};
const SECURITY = {
  "wpa2": "WPA2",
  "wpa2-wpa3": "WPA2+WPA3",
  "wpa3": "WPA3",
  "lying-wpa2": "うそのWPA2 Lying WPA2",
  "gcmp": "WPA3 GCMP",
  "wpa1-wpa2": "WPA1+WPA2",
  "wpa2-tkip": "WPA2 TKIP",
  "wpa1": "WPA1",
  "wep": "WEP",
  "open": "なし Open",
  "owe": "OWE",
  "owe-transition": "なし+OWE Open+OWE",
  "enterprise": "802.1X",
  "wps-only": "WPS",
};
const BANDS = { "2.4-ghz": "2.4 GHz", "5-ghz": "5 GHz" };
const ADAPTERS = {
  "full": "WPA3・5 GHz",
  "without-wpa3": "WPA3なし No WPA3",
  "2.4-ghz": "2.4 GHzのみ only",
  "off": "切ってある Off",
  "missing": "なし Missing",
};
const options = (names) => Object.entries(names).map(([value, text]) => make("option", { value }, text));

function select(names, value, key, label) {
  const box = make("select", { ariaLabel: label }, ...options(names));
  box.value = value;
  box.dataset.key = key;
  return box;
}

function network({ air, adapter, cable, joined }) {
  $("cable").value = cable ?? "out";
  $("adapter").value = adapter;
  when("air", [air, joined], $("air"), () => $("air").replaceChildren(...air.map((point) => accessPoint(point, joined))));
}

function accessPoint(point, joined) {
  // The next change may come before the desk has taken this one.
  const changed = { ...point };
  const put = (change) => send({ do: "put-access-point", point: Object.assign(changed, change) });
  const text = (field, label) => {
    const input = make("input", { value: point[field], ariaLabel: label, spellcheck: false });
    input.dataset.key = `${field}-${point.id}`;
    input.onchange = () => put({ [field]: input.value });
    return input;
  };
  const security = select(SECURITY, point.security, `security-${point.id}`, "暗号 Security");
  security.onchange = () => put({ security: security.value });
  const behind = select(INTERNET, point.behind, `behind-${point.id}`, "その先 Behind it");
  behind.onchange = () => put({ behind: behind.value });
  const band = select(BANDS, point.band, `band-${point.id}`, "周波数 Band");
  band.onchange = () => put({ band: band.value });
  const hidden = make("input", { type: "checkbox", checked: point.hidden });
  hidden.dataset.key = `hidden-${point.id}`;
  hidden.onchange = () => put({ hidden: hidden.checked });
  const signal = make("input", { type: "range", min: 0, max: 100, value: point.signal, ariaLabel: "強さ Signal" });
  signal.dataset.key = `signal-${point.id}`;
  signal.onchange = () => put({ signal: Number(signal.value) });
  const remove = make("button", { className: "remove", ariaLabel: `消す Remove ${point.name}`, title: "消す Remove" }, "×");
  remove.onclick = () => send({ do: "remove-access-point", id: point.id });
  const box = make(
    "div",
    { className: "point" },
    make("div", {}, text("name", "名前 Name"), signal, make("output", {}, `${point.signal}%`), remove),
    make("div", {}, security, text("passphrase", "パスワード Password")),
    make("div", {}, behind, band),
    make("div", {}, make("label", {}, hidden, " 名前を隠す ", english("Hidden name"))),
  );
  box.dataset.joined = point.name === joined;
  return box;
}

/** Where a switch is wanted. It stays where it was until the desk says that it moved. */
function wanted(input) {
  const on = input.checked;
  input.checked = !on;
  return on;
}

$("cable").append(make("option", { value: "out" }, "抜けている Out"), ...options(INTERNET));
$("cable").onchange = ({ target }) => send({ do: "cable", behind: target.value === "out" ? null : target.value });
$("adapter").append(...options(ADAPTERS));
$("adapter").onchange = ({ target }) => send({ do: "adapter", adapter: target.value });
$("add").onclick = () => {
  const id = 1 + Math.max(0, ...state.radio.air.map((point) => point.id));
  const point = { id, name: `wifi-${id}`, hidden: false, security: "wpa2", passphrase: "password-1234", signal: 60, band: "2.4-ghz", behind: "reachable" };
  send({ do: "put-access-point", point });
};

// Each is on when something is wrong, but for the stick.
const SWITCHES = [
  ["camera", "カメラを抜く", "Camera unplugged", (s) => !s.camera_plugged, (on) => ({ do: "camera", plugged: !on })],
  ["microphone", "マイクを抜く", "Microphone unplugged", (s) => !s.microphone_plugged, (on) => ({ do: "microphone", plugged: !on })],
  ["speaker", "テレビの音を切る", "TV without sound", (s) => !s.speaker_plugged, (on) => ({ do: "speaker", plugged: !on })],
  ["cut", "回線を切る", "Line cut", (s) => s.radio.cut, (on) => ({ do: "cut-line", cut: on })],
  ["clock", "時刻が不明", "Clock unknown", (s) => !s.clock_known, (on) => ({ do: "clock", known: !on })],
  ["stick", "USBメモリ", "USB stick", (s) => s.stick, (on) => ({ do: "stick", plugged: on })],
];
for (const [name, ja, en, , command] of SWITCHES) {
  const input = make("input", { type: "checkbox", id: `switch-${name}`, className: name === "stick" ? "switch" : "switch bad" });
  input.setAttribute("role", "switch");
  input.onchange = () => send(command(wanted(input)));
  $("switches").append(make("div", { className: "row" }, make("label", { htmlFor: input.id }, `${ja} `, english(en)), input));
}
const HEARS = { silence: "無音 Silence", tone440: "音 440 Hz", tone660: "音 660 Hz", voice: "録音した声 Voice" };
$("hears").append(...options(HEARS));
$("hears").onchange = ({ target }) => send({ do: "hear", what: target.value });
const ECHO = { "no-echo": "なし None", "70ms": "70 ms 遅れ TV 70 ms", "300ms": "300 ms 遅れ TV 300 ms" };
$("tv-echo").append(...options(ECHO));
$("tv-echo").onchange = ({ target }) => send({ do: "tv", echo: target.value });

function switches(state) {
  for (const [name, , , isOn] of SWITCHES) $(`switch-${name}`).checked = isOn(state);
  $("hears").value = state.hears;
  $("tv-echo").value = state.tv;
  $("hears").querySelector("[value=voice]").disabled = !state.voice;
}

function trace(line) {
  const list = $("trace");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
  list.append(make("li", {}, line));
  while (list.children.length > 400) list.firstChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

// --- pictures and clips from outside

async function bring(file) {
  if (!file) return;
  if (file.size > LARGEST) {
    return refused(`「${file.name}」は大きすぎます（32 MB まで）。 "${file.name}" is larger than 32 MB; choose a smaller file.`);
  }
  const about = new URLSearchParams({ name: file.name, paper: $("as-paper").checked });
  try {
    const answer = await fetch(`/upload?${about}`, { method: "POST", body: file });
    if (!answer.ok) refused((await answer.json()).refused);
  } catch {
    refused(`「${file.name}」を送れませんでした。 "${file.name}" could not be sent; try again.`);
  }
}
$("file").onchange = ({ target }) => {
  bring(target.files[0]);
  target.value = "";
};
const drop = $("drop");
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  bring(event.dataTransfer.files[0]);
});
$("device").onsubmit = (event) => {
  event.preventDefault();
  send({ do: "show-device", path: $("device-path").value });
};

// --- the TV's picture, only while this page is seen

let tv;
function watch() {
  if (document.hidden || tv) return;
  tv = new WebSocket(`${here}/tv`);
  tv.binaryType = "blob";
  const line = tv;
  line.onmessage = async ({ data }) => {
    try {
      const picture = await createImageBitmap(data);
      const canvas = $("picture");
      if (canvas.width !== picture.width || canvas.height !== picture.height) {
        Object.assign(canvas, { width: picture.width, height: picture.height });
      }
      canvas.getContext("2d").drawImage(picture, 0, 0);
      picture.close();
      $("dark").hidden = true;
    } finally {
      if (line.readyState === WebSocket.OPEN) line.send("drawn");
    }
  };
  line.onclose = () => {
    if (tv === line) tv = undefined;
    setTimeout(watch, 1000);
  };
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    letGo();
    tv?.close();
  } else {
    watch();
  }
});

// --- the TV's sound, after a click

let audio;
async function soundOn() {
  const context = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
  await context.audioWorklet.addModule("/speaker.js");
  const speaker = new AudioWorkletNode(context, "speaker", { numberOfInputs: 0, outputChannelCount: [1] });
  speaker.connect(context.destination);
  speaker.port.onmessage = ({ data }) => ($("loudness").value = Math.max(data, $("loudness").value * 0.96));
  const line = new WebSocket(`${here}/sound`);
  line.binaryType = "arraybuffer";
  line.onmessage = ({ data }) => speaker.port.postMessage(data, [data]);
  line.onclose = soundOff;
  return { context, line, speaker };
}
function soundOff() {
  // A measurement that is still on its way must not move the meter again.
  if (audio) audio.speaker.port.onmessage = null;
  audio?.line.close();
  audio?.context.close();
  audio = undefined;
  $("loudness").value = 0;
  sounding(false);
}
function sounding(on) {
  $("sound").setAttribute("aria-pressed", on);
  $("sound").firstChild.textContent = on ? "音を止める " : "音を出す ";
  $("sound").querySelector("span").textContent = on ? "Sound off" : "Sound on";
}
$("sound").onclick = async () => {
  if (audio) return soundOff();
  try {
    audio = await soundOn();
    sounding(true);
  } catch (error) {
    refused(`音を出せません。 The sound cannot be played: ${error.message}`);
  }
};

connect();
watch();
