/** Descriptors as a host reads them: USB 2.0 section 9.6; CDC 1.2 section 5.2. Nothing a device sends is trusted. */
import { fail, ok, type Result } from '../../base/errors.ts';

export const DESCRIPTOR = { device: 1, configuration: 2, string: 3, interface: 4, endpoint: 5 } as const;
const CLASS_COMMUNICATIONS = 2;
const SUBCLASS_ACM = 2;
const CLASS_DATA = 10;
export const DEVICE_BYTES = 18;
export const CONFIGURATION_BYTES = 9;

export interface DeviceDescriptor {
  readonly packetBytes0: number;
  readonly vendorId: number;
  readonly productId: number;
  /** String indices, 0 for none. */
  readonly manufacturer: number;
  readonly product: number;
  readonly serialNumber: number;
}

export interface EndpointDescriptor {
  readonly endpoint: number;
  readonly isIn: boolean;
  readonly type: 'control' | 'isochronous' | 'bulk' | 'interrupt';
  readonly packetBytes: number;
  readonly intervalMs: number;
}

export interface InterfaceDescriptor {
  readonly number: number;
  readonly alternate: number;
  readonly class: number;
  readonly subclass: number;
  readonly endpoints: readonly EndpointDescriptor[];
}

export interface Configuration {
  readonly value: number;
  readonly interfaces: readonly InterfaceDescriptor[];
}

/** A CDC-ACM function: what a host shows as a serial port. */
export interface SerialFunction {
  readonly controlInterface: number;
  readonly notification: EndpointDescriptor | null;
  readonly in: EndpointDescriptor;
  readonly out: EndpointDescriptor;
}

function bad(what: string, facts: Readonly<Record<string, number>>, cause: string): Result<never> {
  return fail(
    'sim.diagnosis.usb-bad-descriptor',
    { descriptor: what, ...facts },
    cause,
    'Correct the descriptor.',
  );
}

/** The first eight bytes are enough for bMaxPacketSize0. */
export function packetSize0(bytes: Uint8Array): Result<number> {
  if (bytes.length < 8)
    return bad('device', { bytes: bytes.length }, 'Less than eight bytes of the device descriptor came.');
  if (bytes[0] !== DEVICE_BYTES || bytes[1] !== DESCRIPTOR.device)
    return bad(
      'device',
      { bLength: bytes[0]!, bDescriptorType: bytes[1]! },
      'bLength is not 18 or the type is not 1.',
    );
  const size = bytes[7]!;
  if (![8, 16, 32, 64].includes(size))
    return bad('device', { bMaxPacketSize0: size }, 'bMaxPacketSize0 is none of 8, 16, 32 and 64.');
  return ok(size);
}

export function parseDevice(bytes: Uint8Array): Result<DeviceDescriptor> {
  if (bytes.length !== DEVICE_BYTES)
    return bad(
      'device',
      { bytes: bytes.length, asked: DEVICE_BYTES },
      'The device descriptor is not 18 bytes long.',
    );
  const size = packetSize0(bytes);
  if (!size.ok) return size;
  if (bytes[17] === 0) return bad('device', { bNumConfigurations: 0 }, 'The device has no configuration.');
  const word = (at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
  const [manufacturer, product, serialNumber] = [bytes[14]!, bytes[15]!, bytes[16]!];
  return ok({
    packetBytes0: size.value,
    vendorId: word(8),
    productId: word(10),
    manufacturer,
    product,
    serialNumber,
  });
}

/** wTotalLength of a configuration's first nine bytes. */
export function totalLength(bytes: Uint8Array): Result<number> {
  if (
    bytes.length < CONFIGURATION_BYTES ||
    bytes[0] !== CONFIGURATION_BYTES ||
    bytes[1] !== DESCRIPTOR.configuration
  )
    return bad(
      'configuration',
      { bytes: bytes.length },
      'The head of the configuration is not nine bytes of type 2.',
    );
  const total = bytes[2]! | (bytes[3]! << 8);
  if (total < CONFIGURATION_BYTES)
    return bad('configuration', { wTotalLength: total }, 'wTotalLength is less than the head itself.');
  return ok(total);
}

const TYPES = ['control', 'isochronous', 'bulk', 'interrupt'] as const;

function parseEndpoint(bytes: Uint8Array, at: number): Result<EndpointDescriptor> {
  const address = bytes[at + 2]!;
  const type = TYPES[bytes[at + 3]! & 3]!;
  const packetBytes = bytes[at + 4]! | (bytes[at + 5]! << 8);
  const facts = { offset: at, bEndpointAddress: address, wMaxPacketSize: packetBytes };
  if (bytes[at]! < 7)
    return bad('endpoint', { ...facts, bLength: bytes[at]! }, 'An endpoint descriptor is shorter than 7.');
  if ((address & 15) === 0 || address & 0x70) return bad('endpoint', facts, 'bEndpointAddress is none.');
  if (type === 'bulk' && ![8, 16, 32, 64].includes(packetBytes))
    return bad('endpoint', facts, 'A full-speed bulk endpoint has packets of 8, 16, 32 or 64 bytes.');
  if (type === 'interrupt' && (packetBytes < 1 || packetBytes > 64))
    return bad('endpoint', facts, 'A full-speed interrupt endpoint has packets of 1 to 64 bytes.');
  return ok({
    endpoint: address & 15,
    isIn: address >= 0x80,
    type,
    packetBytes,
    intervalMs: Math.max(1, bytes[at + 6]!),
  });
}

interface OpenInterface extends InterfaceDescriptor {
  readonly endpoints: EndpointDescriptor[];
}

/** The whole configuration: every descriptor must lie within wTotalLength. */
export function parseConfiguration(bytes: Uint8Array): Result<Configuration> {
  const total = totalLength(bytes);
  if (!total.ok) return total;
  if (bytes.length !== total.value)
    return bad(
      'configuration',
      { wTotalLength: total.value, bytes: bytes.length },
      'wTotalLength is not what came.',
    );
  const interfaces: OpenInterface[] = [];
  for (let at = 0; at < bytes.length; at += bytes[at]!) {
    const length = bytes[at]!;
    if (length < 2 || at + length > bytes.length)
      return bad(
        'configuration',
        { offset: at, bLength: length },
        'A bLength leads out of the configuration.',
      );
    if (bytes[at + 1] === DESCRIPTOR.interface) {
      if (length < 9)
        return bad(
          'interface',
          { offset: at, bLength: length },
          'An interface descriptor is shorter than 9.',
        );
      const [number, alternate, , cls, subclass] = bytes.subarray(at + 2, at + 7);
      interfaces.push({
        number: number!,
        alternate: alternate!,
        class: cls!,
        subclass: subclass!,
        endpoints: [],
      });
    } else if (bytes[at + 1] === DESCRIPTOR.endpoint) {
      const endpoint = parseEndpoint(bytes, at);
      if (!endpoint.ok) return endpoint;
      const owner = interfaces.at(-1);
      if (!owner) return bad('endpoint', { offset: at }, 'An endpoint comes before the first interface.');
      owner.endpoints.push(endpoint.value);
    }
  }
  const count = new Set(interfaces.map((i) => i.number)).size;
  if (count !== bytes[4])
    return bad(
      'configuration',
      { bNumInterfaces: bytes[4]!, found: count },
      'bNumInterfaces is not what follows.',
    );
  return ok({ value: bytes[5]!, interfaces });
}

/** UTF-16 of a string descriptor. */
export function parseString(bytes: Uint8Array): Result<string> {
  const length = bytes[0] ?? 0;
  if (bytes.length < 2 || length !== bytes.length || bytes[1] !== DESCRIPTOR.string || length % 2 !== 0)
    return bad(
      'string',
      { bLength: length, bytes: bytes.length },
      'bLength of a string is not what came, or is odd.',
    );
  let text = '';
  for (let at = 2; at < length; at += 2) text += String.fromCharCode(bytes[at]! | (bytes[at + 1]! << 8));
  return ok(text);
}

/** The first CDC-ACM function with both bulk pipes, or null. */
export function serialFunction(configuration: Configuration): SerialFunction | null {
  const { interfaces } = configuration;
  for (const control of interfaces) {
    if (control.class !== CLASS_COMMUNICATIONS || control.subclass !== SUBCLASS_ACM) continue;
    const data = interfaces.find(
      (i) => i.number > control.number && i.class === CLASS_DATA && i.endpoints.length >= 2,
    );
    const bulkIn = data?.endpoints.find((e) => e.type === 'bulk' && e.isIn);
    const bulkOut = data?.endpoints.find((e) => e.type === 'bulk' && !e.isIn);
    if (!bulkIn || !bulkOut) continue;
    const notification = control.endpoints.find((e) => e.type === 'interrupt' && e.isIn) ?? null;
    return { controlInterface: control.number, notification, in: bulkIn, out: bulkOut };
  }
  return null;
}
