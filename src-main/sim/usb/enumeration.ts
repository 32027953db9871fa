/**
 * What a host does with a device that was just reset, as a sequence of requests: USB 2.0 section 9.1.2 and CDC 1.2 (PSTN
 * 6.3). A generator, so that it runs on whatever carries requests out and in whatever time that takes.
 */
import { fail, ok, type Failure, type Result } from '../../base/errors.ts';
import {
  CONFIGURATION_BYTES,
  DESCRIPTOR,
  DEVICE_BYTES,
  packetSize0,
  parseConfiguration,
  parseDevice,
  parseString,
  serialFunction,
  totalLength,
  type Configuration,
  type DeviceDescriptor,
  type SerialFunction,
} from './descriptors.ts';
import type { ControlRequest, ControlResult, TransferEnd } from './pipes.ts';

const GET_DESCRIPTOR = 6;
const SET_ADDRESS = 5;
const SET_CONFIGURATION = 9;
const CLEAR_FEATURE = 1;
const SET_LINE_CODING = 0x20;
const SET_CONTROL_LINE_STATE = 0x22;
/** 9.2.6.3: a device has 2 ms to take its new address. */
const ADDRESS_RECOVERY_FRAMES = 2;
const LONGEST_STRING = 255;
export const DEVICE_ADDRESS = 1;

/** What the sequence asks of whoever runs it. */
export type HostStep =
  | { readonly kind: 'request'; readonly name: string; readonly request: ControlRequest }
  | { readonly kind: 'address'; readonly address: number; readonly packetBytes0: number }
  | { readonly kind: 'frames'; readonly count: number };

type Steps<T> = Generator<HostStep, T, ControlResult>;

export interface EnumeratedDevice {
  readonly device: DeviceDescriptor;
  readonly configuration: Configuration;
  readonly serial: SerialFunction | null;
  readonly manufacturer: string;
  readonly product: string;
  readonly serialNumber: string;
}

function get(type: number, index: number, language: number, bytes: number): ControlRequest {
  return { type: 0x80, request: GET_DESCRIPTOR, value: (type << 8) | index, index: language, data: bytes };
}

function send(request: number, value: number): ControlRequest {
  return { type: 0, request, value, index: 0, data: 0 };
}

export function clearHalt(endpoint: number, isIn: boolean): ControlRequest {
  return { type: 2, request: CLEAR_FEATURE, value: 0, index: endpoint | (isIn ? 0x80 : 0), data: 0 };
}

/** 8 data bits, no parity, 1 stop bit. */
export function lineCoding(serial: SerialFunction, baud: number): ControlRequest {
  const data = new Uint8Array(7);
  new DataView(data.buffer).setUint32(0, baud, true);
  data[6] = 8;
  return { type: 0x21, request: SET_LINE_CODING, value: 0, index: serial.controlInterface, data };
}

export function controlLines(serial: SerialFunction, dtr: boolean, rts: boolean): ControlRequest {
  const value = (dtr ? 1 : 0) | (rts ? 2 : 0);
  return { type: 0x21, request: SET_CONTROL_LINE_STATE, value, index: serial.controlInterface, data: 0 };
}

/** Why a request did not come through, by what its end was. */
export function requestFailure(name: string, end: TransferEnd): Failure {
  const facts = { request: name };
  switch (end) {
    case 'stalled':
      return fail('sim.diagnosis.usb-request-stalled', facts, 'The device answered a request it must know with STALL.', 'Answer the request.');
    case 'timeout':
      return fail('sim.diagnosis.usb-request-timeout', facts, 'The device answered NAK for five seconds.', 'Arm the buffer of endpoint 0 for the stage that waits.');
    case 'babble':
      return fail('sim.diagnosis.usb-babble', facts, 'The device sent more than was asked for, or more than a packet.', 'Send at most wLength bytes, in packets of bMaxPacketSize0.');
    default:
      return fail('sim.diagnosis.usb-no-answer', facts, 'The device does not answer: wrong address, controller off, or not listening after the reset.', 'After BUS_RESET set ADDR_ENDP to 0; write the new address only after the status stage of SET_ADDRESS.');
  } // prettier-ignore
}

function* ask(name: string, request: ControlRequest): Steps<Result<Uint8Array>> {
  const { end, bytes } = yield { kind: 'request', name, request };
  return end === 'done' ? ok(bytes) : requestFailure(name, end);
}

/** From the end of the bus reset to the chosen configuration. */
export function* enumerate(): Steps<Result<EnumeratedDevice>> {
  const device = yield* addressed();
  if (!device.ok) return device;
  const configuration = yield* configured();
  if (!configuration.ok) return configuration;
  const strings = yield* named(device.value);
  if (!strings.ok) return strings;
  const { value } = configuration.value;
  const set = yield* ask(`SET_CONFIGURATION ${value}`, send(SET_CONFIGURATION, value));
  if (!set.ok) return set;
  return ok({
    device: device.value,
    configuration: configuration.value,
    serial: serialFunction(configuration.value),
    ...strings.value,
  });
}

function* addressed(): Steps<Result<DeviceDescriptor>> {
  const head = yield* ask('GET_DESCRIPTOR device, 8 bytes', get(DESCRIPTOR.device, 0, 0, 8));
  if (!head.ok) return head;
  const packetBytes0 = packetSize0(head.value);
  if (!packetBytes0.ok) return packetBytes0;
  const set = yield* ask(`SET_ADDRESS ${DEVICE_ADDRESS}`, send(SET_ADDRESS, DEVICE_ADDRESS));
  if (!set.ok) return set;
  yield { kind: 'address', address: DEVICE_ADDRESS, packetBytes0: packetBytes0.value };
  yield { kind: 'frames', count: ADDRESS_RECOVERY_FRAMES };
  const whole = yield* ask('GET_DESCRIPTOR device', get(DESCRIPTOR.device, 0, 0, DEVICE_BYTES));
  return whole.ok ? parseDevice(whole.value) : whole;
}

function* configured(): Steps<Result<Configuration>> {
  const name = 'GET_DESCRIPTOR configuration';
  const head = yield* ask(`${name}, 9 bytes`, get(DESCRIPTOR.configuration, 0, 0, CONFIGURATION_BYTES));
  if (!head.ok) return head;
  const total = totalLength(head.value);
  if (!total.ok) return total;
  const whole = yield* ask(name, get(DESCRIPTOR.configuration, 0, 0, total.value));
  return whole.ok ? parseConfiguration(whole.value) : whole;
}

type Names = Pick<EnumeratedDevice, 'manufacturer' | 'product' | 'serialNumber'>;

function* named(device: DeviceDescriptor): Steps<Result<Names>> {
  const names = { manufacturer: '', product: '', serialNumber: '' };
  const indices = (['manufacturer', 'product', 'serialNumber'] as const).filter((n) => device[n] !== 0);
  if (indices.length === 0) return ok(names);
  const languages = yield* ask('GET_DESCRIPTOR string 0', get(DESCRIPTOR.string, 0, 0, LONGEST_STRING));
  if (!languages.ok) return languages;
  const list = parseString(languages.value);
  if (!list.ok) return list;
  const language = list.value.charCodeAt(0) || 0x0409;
  for (const name of indices) {
    const index = device[name];
    const bytes = yield* ask(
      `GET_DESCRIPTOR string ${index}`,
      get(DESCRIPTOR.string, index, language, LONGEST_STRING),
    );
    if (!bytes.ok) return bytes;
    const text = parseString(bytes.value);
    if (!text.ok) return text;
    names[name] = text.value;
  }
  return ok(names);
}
