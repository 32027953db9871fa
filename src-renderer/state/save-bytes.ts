/** Hands a file to the browser, which saves it where the user keeps such files. */
export function saveBytes(bytes: Uint8Array, mediaType: string, name: string): void {
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // the browser has read it by then
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
