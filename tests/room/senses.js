// Hands at a browser's camera, microphone and line: plugs them in and out, and locks the phone.
const lab = (window.lab = { out: new Set(), tracks: [], locks: [] });
const media = navigator.mediaDevices;
const [ask, list] = [media.getUserMedia.bind(media), media.enumerateDevices.bind(media)];

media.getUserMedia = async (wanted) => {
  for (const kind of ["audio", "video"]) {
    if (wanted[kind] && lab.out.has(kind)) throw new DOMException("unplugged", "NotFoundError");
  }
  const stream = await ask(wanted);
  lab.tracks.push(...stream.getTracks());
  return stream;
};
media.enumerateDevices = async () => (await list()).filter(({ kind }) => !lab.out.has(kind.slice(0, 5)));

lab.unplug = (...kinds) => {
  for (const kind of kinds) {
    lab.out.add(kind);
    for (const track of lab.tracks.filter((track) => track.kind === kind && track.readyState === "live")) {
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }
  }
  media.dispatchEvent(new Event("devicechange"));
};
lab.plug = (...kinds) => {
  kinds.forEach((kind) => lab.out.delete(kind));
  media.dispatchEvent(new Event("devicechange"));
};

// The page's line, caught when it says something; while the phone is locked none can be opened.
const [Line, send] = [window.WebSocket, window.WebSocket.prototype.send];
Line.prototype.send = function (text) {
  lab.line = this;
  return send.call(this, text);
};
lab.lock = () => {
  window.WebSocket = Object.assign(function () {
    return new Line("ws://127.0.0.1:9/");
  }, { OPEN: Line.OPEN, CLOSED: Line.CLOSED });
  lab.line.close();
};
lab.unlock = () => {
  window.WebSocket = Line;
  document.dispatchEvent(new Event("visibilitychange"));
};

const wake = navigator.wakeLock?.request.bind(navigator.wakeLock);
if (wake) {
  navigator.wakeLock.request = async (kind) => {
    const lock = await wake(kind);
    lab.locks.push(lock);
    return lock;
  };
}
