/** What a file that is not a .tflite looks like, for the error message. */
const signatures: readonly (readonly [bytes: string, at: number, kind: string])[] = [
  ['PK\x03\x04', 0, 'a zip archive (a .keras model, an Edge Impulse export or a .zip: unpack it first)'],
  ['\x89PNG', 0, 'a PNG picture'],
  ['\xff\xd8\xff', 0, 'a JPEG picture'],
  ['\x7fELF', 0, 'an ELF program'],
  ['UF2\n', 0, 'a UF2 firmware image'],
  ['\x1f\x8b', 0, 'a gzip archive: unpack it first'],
  ['\x89HDF', 0, 'a Keras HDF5 model: convert it to .tflite first'],
  ['RIFF', 0, 'a RIFF file such as .wav'],
  ['%PDF', 0, 'a PDF document'],
  ['\x93NUMPY', 0, 'a NumPy array'],
  ['MJP1', 0, 'a Program already compiled by Microjoule'],
  ['SQLite format 3', 0, 'an SQLite database'],
  ['version https://git-lfs', 0, 'a Git LFS pointer: fetch the file itself with `git lfs pull`'],
  ['TFL1', 4, 'a .tflite of an older format'],
  ['TFL2', 4, 'a .tflite of an older format'],
  ['ET1', 4, 'an ExecuTorch program'],
];

function startsWith(bytes: Uint8Array, text: string, at: number): boolean {
  if (bytes.length < at + text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

function isText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, 256);
  return start.every((b) => b >= 0x20 || b === 0x09 || b === 0x0a || b === 0x0d);
}

export function isTflite(bytes: Uint8Array): boolean {
  return startsWith(bytes, 'TFL3', 4);
}

/** A few words: `a PNG picture`. */
export function fileKind(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'an empty file';
  const known = signatures.find(([text, at]) => startsWith(bytes, text, at));
  if (known) return known[2];
  // An ONNX file begins with its IR version: protobuf field 1, a small varint, then field 2, a string.
  if (bytes[0] === 0x08 && bytes[1]! < 32 && bytes[2] === 0x12)
    return 'an ONNX model: convert it to .tflite first';
  if (isText(bytes)) {
    const text = new TextDecoder().decode(bytes.subarray(0, 256)).trimStart();
    if (/^<(!doctype|html)/i.test(text))
      return 'an HTML page: the download gave a web page instead of the file';
    if (/^[{[]/.test(text)) return 'a JSON text';
    return 'a text file';
  }
  if (bytes.length < 8) return `${bytes.length} bytes`;
  return 'binary content of an unknown kind';
}
