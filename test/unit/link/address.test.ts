import { describe, expect, it } from 'vitest';
import { parseAddress, splitCommand } from '../../../src-main/link/address.ts';

describe('addresses', () => {
  const good: [string, object][] = [
    ['/dev/ttyACM0', { kind: 'serial', path: '/dev/ttyACM0' }],
    [
      '/dev/serial/by-id/usb-Raspberry_Pi_Pico_E66-if00',
      { kind: 'serial', path: '/dev/serial/by-id/usb-Raspberry_Pi_Pico_E66-if00' },
    ],
    ['COM3', { kind: 'serial', path: 'COM3' }],
    ['com12', { kind: 'serial', path: 'COM12' }],
    [' tcp://127.0.0.1:7070 ', { kind: 'tcp', host: '127.0.0.1', port: 7070 }],
    ['tcp://bench.lab:1', { kind: 'tcp', host: 'bench.lab', port: 1 }],
    ['tcp://[::1]:65535', { kind: 'tcp', host: '::1', port: 65535 }],
    ['process:cat', { kind: 'process', program: 'cat', args: [] }],
    [
      'process:"/usr/local/my dut/run" --model \'a b\' ""',
      { kind: 'process', program: '/usr/local/my dut/run', args: ['--model', 'a b', ''] },
    ],
    ['sim:pico', { kind: 'sim', name: 'pico' }],
    ['sim:pico/uart0', { kind: 'sim', name: 'pico/uart0' }],
  ];
  it.each(good)('%s', (text, address) => expect(parseAddress(text)).toEqual({ ok: true, value: address }));

  const bad = [
    '',
    '  ',
    'ttyACM0',
    'tcp:',
    'tcp://host',
    'tcp://host:0',
    'tcp://host:65536',
    'tcp://:80',
    'tcp://a:b:80',
    'process:',
    'process:"a',
    'sim:',
    'sim:a b',
    'http://x',
    'COM',
    'COM1234',
    '/dev/tty\0',
  ];
  it.each(bad)('%j is refused with the forms that would do', (text) => {
    const parsed = parseAddress(text);
    expect(parsed).toMatchObject({
      ok: false,
      id: 'link.bad-address',
      facts: { address: expect.any(String) as string },
    });
    expect(parsed).toHaveProperty('next', expect.stringContaining('tcp://host:port'));
  });

  it('splits a command line like a shell without expansions', () => {
    expect(splitCommand(' a  "b c"d \'e"f\' ')).toEqual(['a', 'b cd', 'e"f']);
    expect(splitCommand('')).toEqual([]);
    expect(splitCommand("a 'b")).toBeNull();
  });
});
