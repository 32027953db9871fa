/** How the device writes numbers. Source: UM2269 by way of PROTOCOLS §4. */

/** `6409-07`: four digits, then the power of ten. Nothing below zero is printed. */
export function decimalSample(value: number): string {
  if (!(value > 0)) return '0000-07';
  let exponent = Math.floor(Math.log10(value)) - 3;
  let mantissa = Math.round(value / 10 ** exponent);
  if (mantissa > 9999) {
    mantissa = Math.round(mantissa / 10);
    exponent++;
  }
  // below what two digits can say the device shows zeros
  if (exponent < -99) return '0000-99';
  const sign = exponent < 0 ? '-' : '+';
  return String(mantissa).padStart(4, '0') + sign + String(Math.abs(exponent)).padStart(2, '0');
}

/** m · 16⁻ⁿ in two bytes, m as large as twelve bits allow; 1 A and more saturate below n = 0. */
export function hexSample(value: number): number {
  if (!(value > 0)) return 0x7000;
  // n = 15 would look like metadata
  for (let n = 14; n >= 0; n--) {
    const m = Math.round(value * 16 ** n);
    if (m <= 0xfff) return (n << 12) | m;
  }
  return 0x0fff;
}

/** `100k`, `3300m`, `1+3`, `2m` → a number; NaN where it is none. */
export function numberWord(word: string): number {
  const parts = /^(\d+)(m|u|k|([+-]\d+))?$/.exec(word);
  if (!parts) return NaN;
  const n = Number(parts[1]);
  if (parts[3] !== undefined) return n * 10 ** Number(parts[3]);
  return parts[2] === 'm' ? n / 1e3 : parts[2] === 'u' ? n / 1e6 : parts[2] === 'k' ? n * 1e3 : n;
}
