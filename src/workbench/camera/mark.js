(image, width, height) => {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height).data;
  const left = 0.74, top = 0.74, cellWidth = 0.036, cellHeight = 0.048;
  const light = (x, y) => {
    let sum = 0;
    for (let step = 0; step < 9; step++) {
      const column = Math.floor((x + ((step % 3) * 0.2 + 0.3) * cellWidth) * width);
      const line = Math.floor((y + (Math.floor(step / 3) * 0.2 + 0.3) * cellHeight) * height);
      const at = (line * width + column) * 4;
      sum += pixels[at] + pixels[at + 1] + pixels[at + 2];
    }
    return sum / 27;
  };
  const cells = [];
  for (let cell = 0; cell < 24; cell++) {
    cells.push(light(left + (cell % 6) * cellWidth, top + Math.floor(cell / 6) * cellHeight));
  }
  const white = Math.max(...cells, light(left - cellWidth * 0.75, top));
  const black = Math.min(...cells);
  if (white < black + 70) return null;
  const bits = cells.reduce((value, cell) => (value << 1) | (cell < (white + black) / 2 ? 1 : 0), 0);
  const [identity, counter, check] = [(bits >> 16) & 255, (bits >> 8) & 255, bits & 255];
  let crc = 255;
  for (const byte of [identity, counter]) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 128 ? ((crc << 1) ^ 7) & 255 : (crc << 1) & 255;
  }
  return crc === check ? { identity, counter } : null;
}
