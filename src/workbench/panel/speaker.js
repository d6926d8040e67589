// Mixes what the TV's speaker elements play. Each has its own queue; a late listener skips ahead.
const LONGEST = 48000 / 2;
const START = 48000 * 0.06;

class Speaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queues = new Map();
    this.port.onmessage = ({ data }) => {
      const source = new DataView(data).getUint32(0, true);
      const queue = this.queues.get(source) ?? { pieces: [], length: 0, at: 0, running: false };
      this.queues.set(source, queue);
      const samples = new Int16Array(data.slice(4));
      queue.pieces.push(samples);
      queue.length += samples.length;
      while (queue.length > LONGEST) {
        queue.length -= queue.pieces[0].length - queue.at;
        queue.at = 0;
        queue.pieces.shift();
      }
    };
  }

  process(_inputs, [[output]]) {
    let loudest = 0;
    for (const [source, queue] of this.queues) {
      if (!queue.running && queue.length < START) continue;
      queue.running = queue.length > 0;
      for (let i = 0; i < output.length && queue.length > 0; i++) {
        output[i] += queue.pieces[0][queue.at++] / 32768;
        queue.length--;
        if (queue.at === queue.pieces[0].length) {
          queue.pieces.shift();
          queue.at = 0;
        }
      }
      if (queue.length === 0) this.queues.delete(source);
    }
    for (const sample of output) loudest = Math.max(loudest, Math.abs(sample));
    this.port.postMessage(loudest);
    return true;
  }
}

registerProcessor("speaker", Speaker);
