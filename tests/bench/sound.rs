//! Recordings.

use std::path::Path;

/// Samples a second.
pub const RATE: u32 = 48_000;

/// Writes samples of one channel as a WAV file.
pub fn write_wav(path: &Path, samples: &[i16]) {
    let bytes = u32::try_from(samples.len() * 2).unwrap();
    let mut file = Vec::with_capacity(samples.len() * 2 + 44);
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend([1, 0, 1, 0]);
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, file).unwrap();
}
