// The other end of a test call: a drawn picture, a tone, and a report of what comes.
const call = (window.call = { candidates: [], end: false });

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };

call.begin = async (iceServers, relayOnly, rsa) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [640, 480];
  const paint = canvas.getContext("2d");
  let number = 0;
  call.drawing = setInterval(() => {
    paint.fillStyle = "rgb(200,30,30)";
    paint.fillRect(0, 0, 320, 480);
    paint.fillStyle = "rgb(30,30,200)";
    paint.fillRect(320, 0, 320, 480);
    paint.fillStyle = "white";
    paint.fillRect((number++ * 8) % 640, 440, 8, 40);
  }, 50);
  const sound = (call.sound = new AudioContext());
  const tone = sound.createOscillator();
  tone.frequency.value = 1000;
  const quieter = sound.createGain();
  quieter.gain.value = 0.3;
  const microphone = sound.createMediaStreamDestination();
  tone.connect(quieter).connect(microphone);
  tone.start();

  const connection = (call.connection = new RTCPeerConnection({
    iceServers,
    iceTransportPolicy: relayOnly ? "relay" : "all",
    certificates: rsa ? [await RTCPeerConnection.generateCertificate(RSA)] : undefined,
  }));
  connection.onicecandidate = (event) => {
    const candidate = event.candidate;
    call.candidates.push(candidate ? { candidate: candidate.candidate, mline: candidate.sdpMLineIndex } : { candidate: "", mline: 0 });
  };
  connection.ontrack = ({ track }) => {
    const player = document.createElement(track.kind);
    player.srcObject = new MediaStream([track]);
    player.autoplay = true;
    player.muted = track.kind === "video";
    document.body.append(player);
    if (track.kind === "video") {
      call.video = player;
    } else {
      call.ear = sound.createAnalyser();
      call.ear.fftSize = 8192;
      sound.createMediaStreamSource(player.srcObject).connect(call.ear);
    }
  };
  call.tracks = [canvas.captureStream(20).getVideoTracks()[0], microphone.stream.getAudioTracks()[0]];
};

call.answer = async (sdp) => {
  const connection = call.connection;
  await connection.setRemoteDescription({ type: "offer", sdp });
  for (const track of call.tracks) connection.addTrack(track);
  await connection.setLocalDescription(await connection.createAnswer());
  return connection.localDescription.sdp;
};

call.addCandidate = (candidate) =>
  call.connection.addIceCandidate({ candidate: candidate.candidate, sdpMLineIndex: candidate.mline });

// Silences what goes out, as a browser's mute does.
call.mute = async (muted) => {
  for (const sender of call.connection.getSenders()) {
    const track = call.tracks.find((track) => track.kind === (sender.track ?? sender.was).kind);
    sender.was = track;
    await sender.replaceTrack(muted ? null : track);
  }
};

const colour = (x, y) => {
  const video = call.video;
  if (!video || !video.videoWidth) return null;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const paint = canvas.getContext("2d");
  paint.drawImage(video, 0, 0);
  return [...paint.getImageData(x * video.videoWidth, y * video.videoHeight, 1, 1).data].slice(0, 3);
};

call.report = async () => {
  const report = {
    candidates: call.candidates.splice(0),
    state: call.connection.connectionState,
    framesDecoded: 0,
    packetsSent: 0,
    framesSent: 0,
    audioPackets: 0,
    videoPackets: 0,
    jitterBuffer: 0,
    samplesReceived: 0,
    samplesConcealed: 0,
    left: colour(0.25, 0.5),
    right: colour(0.75, 0.5),
    loudness: -200,
    pitch: 0,
    height: call.video?.videoHeight ?? 0,
    nacksSent: 0,
    nacksReceived: 0,
    sentAgain: 0,
    relayed: null,
  };
  const stats = await call.connection.getStats();
  for (const one of stats.values()) {
    if (one.type === "inbound-rtp" && one.kind === "video") {
      report.framesDecoded = one.framesDecoded;
      report.videoPackets = one.packetsReceived;
      report.nacksSent = one.nackCount;
    }
    if (one.type === "inbound-rtp" && one.kind === "audio") {
      report.audioPackets = one.packetsReceived;
      report.samplesReceived = one.totalSamplesReceived;
      report.samplesConcealed = one.concealedSamples;
      if (one.jitterBufferEmittedCount) report.jitterBuffer = one.jitterBufferDelay / one.jitterBufferEmittedCount;
    }
    if (one.type === "outbound-rtp" && one.kind === "video") {
      report.packetsSent = one.packetsSent;
      report.framesSent = one.framesSent;
      report.nacksReceived = one.nackCount;
      report.sentAgain = one.retransmittedPacketsSent;
    }
    if (one.type === "transport" && one.selectedCandidatePairId) {
      const pair = stats.get(one.selectedCandidatePairId);
      const [near, far] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
      report.relayed = [near?.candidateType, near?.relayProtocol, far?.candidateType];
    }
  }
  if (call.ear) {
    const bins = new Float32Array(call.ear.frequencyBinCount);
    call.ear.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    report.loudness = Math.max(-200, bins[loudest]);
    report.pitch = (loudest * call.sound.sampleRate) / call.ear.fftSize;
  }
  return report;
};
