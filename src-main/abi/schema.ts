/**
 * The one source of everything TypeScript and C must agree on: the Program's layout, operator and kernel ids,
 * status codes, the image's configuration block and the `mj` commands. `npm run abi` generates
 * src-main/abi/generated.ts, firmware/engine/mj_abi.h and the tables of docs/program-format.md from it;
 * test/unit/abi fails when one of them is stale. Ids are never reused; fields are only appended.
 */

export type FieldType = 'u8' | 'u16' | 'u32' | 'i8' | 'i16' | 'i32' | 'f32';

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** Array length; absent for a scalar. */
  readonly count?: number;
  readonly doc: string;
}

export interface StructSchema {
  readonly name: string;
  readonly doc: string;
  readonly bytes: number;
  readonly fields: readonly Field[];
}

export interface EnumSchema {
  readonly name: string;
  readonly doc: string;
  readonly values: readonly { readonly name: string; readonly value: number; readonly doc: string }[];
}

const f = (name: string, type: FieldType, doc: string, count?: number): Field =>
  count === undefined ? { name, type, doc } : { name, type, doc, count };
const v = (name: string, value: number, doc = '') => ({ name, value, doc });

export const ABI_VERSION = 1;
/** 'MJP1' and 'MJCF' as little-endian u32. */
export const PROGRAM_MAGIC = 0x31504a4d;
export const CONFIG_MAGIC = 0x46434a4d;
/** 'MJST'. */
export const STREAM_MAGIC = 0x54534a4d;
/** Every section of a Program starts at a multiple of this. */
export const PROGRAM_ALIGN = 16;

export const enums: readonly EnumSchema[] = [
  {
    name: 'Status',
    doc: 'What a kernel or the engine returns.',
    values: [
      v('Ok', 0),
      v('BadMagic', 1, 'not a Program'),
      v('BadVersion', 2, 'a Program of another ABI version'),
      v('BadCrc', 3, 'the CRC does not match'),
      v('BadLayout', 4, 'an offset, count or size points outside'),
      v('ArenaTooSmall', 5),
      v('UnknownKernel', 6, 'this firmware does not carry the kernel'),
      v('BadParams', 7, 'a kernel refused its parameters'),
      v('Timeout', 8, 'a bounded wait ran out'),
    ],
  },
  {
    name: 'DType',
    doc: 'Element type of a tensor; `bits` and `packing` refine it.',
    values: [
      v('Int8', 1),
      v('UInt8', 2),
      v('Int16', 3),
      v('Int32', 4),
      v('Float32', 5),
      v('Int64', 6),
      v('Bool', 7),
    ],
  },
  {
    name: 'Packing',
    doc: 'How elements lie in bytes.',
    values: [
      v('Plain', 0, 'one element after the other, little-endian'),
      v('SubByteLow', 1, 'several elements a byte, first in the low bits'),
      v('Kernel', 2, 'in the order the chosen kernel wants'),
    ],
  },
  {
    name: 'ScaleKind',
    doc: 'How real = scale · (q − zeroPoint) is expressed.',
    values: [v('None', 0), v('Float', 1), v('PowerOfTwo', 2)],
  },
  { name: 'Granularity', doc: '', values: [v('PerTensor', 0), v('PerChannel', 1)] },
  {
    name: 'Memory',
    doc: 'Where a tensor lives.',
    values: [
      v('None', 0, 'elided'),
      v('Arena', 1, 'offset in the arena'),
      v('Const', 2, 'offset in the Program'),
    ],
  },
  {
    name: 'OpCode',
    doc: 'Operators by their .tflite builtin operator code.',
    values: [
      v('Add', 0),
      v('AveragePool2d', 1),
      v('Conv2d', 3),
      v('DepthwiseConv2d', 4),
      v('Dequantize', 6),
      v('FullyConnected', 9),
      v('MaxPool2d', 17),
      v('Reshape', 22),
      v('Softmax', 25),
      v('Quantize', 114),
    ],
  },
  {
    name: 'Kernel',
    doc: 'Compute kernels. 0 is invalid; general kernels first, fast ones later get ids from 256.',
    values: [
      v('Conv2dS8', 1),
      v('DepthwiseConv2dS8', 2),
      v('FullyConnectedS8', 3),
      v('AddS8', 4),
      v('AveragePool2dS8', 5),
      v('MaxPool2dS8', 6),
      v('Copy', 7, 'RESHAPE where the plan could not elide it'),
      v('SoftmaxS8', 8),
      v('Quantize', 9),
      v('Dequantize', 10),
    ],
  },
  {
    name: 'ProgramFlag',
    doc: "Bits of a Program's flags.",
    values: [
      v('None', 0),
      v(
        'InputsKept',
        1,
        'the input tensors are as they were after a run; else activations may have overwritten them',
      ),
    ],
  },
  {
    name: 'HarnessMode',
    doc: 'The word in the configuration block that makes one image a performance or an energy build.',
    values: [v('Performance', 0), v('Energy', 1)],
  },
  {
    name: 'InputEncoding',
    doc: 'What the bytes of `db` mean (PROTOCOLS §1).',
    values: [
      v('Raw', 0, 'the bytes of the input tensor'),
      v('UInt8Minus128', 1, 'uint8 pixels; the device subtracts 128 to give int8'),
      v('Float32', 2, "float32 LE, quantised on the device by the input tensor's scale and zero point"),
    ],
  },
  {
    name: 'ResultKind',
    doc: 'What `m-results-[…]` prints.',
    values: [
      v('Scores', 0, 'the dequantised outputs, 3 decimals'),
      v('MeanSquaredError', 1, 'mean((dequantised output − input)²), one value'),
    ],
  },
  {
    name: 'FrontEnd',
    doc: 'What makes the rows of a window out of samples (docs/stream-format.md).',
    values: [
      v('Features', 0, 'nothing: the host sends rows of int8'),
      v('LogMel', 1, 'log2 of mel energies, steps of 1/256'),
      v('Mfcc', 2, 'DCT-II of ln of mel energies, steps of 1/256'),
      v('Imu', 3, 'filtered counts, one row a sample'),
    ],
  },
  {
    name: 'SampleEncoding',
    doc: 'Samples on the line.',
    values: [v('Int16', 0, 'little-endian'), v('MuLaw', 1, 'G.711, one byte'), v('Int8', 2, 'features')],
  },
  {
    name: 'StreamFlag',
    doc: "Bits of a stream set-up's flags.",
    values: [
      v('SendFeatures', 1, 'window reports carry the bytes of the input tensor'),
      v('RemoveMean', 2, "IMU: each channel's mean over the window is taken off"),
      v('Power', 4, 'the mel filters weigh powers, not magnitudes'),
      v('Detect', 8, 'smoothing and threshold on the device'),
    ],
  },
  {
    name: 'StreamFrame',
    doc: 'First byte of a frame: below 128 to the device, from 128 on from it.',
    values: [
      v('Samples', 1),
      v('Probe', 2, 'asks for a status; samples before firstSample are not going to come'),
      v('End', 3, 'as Probe, then the device finishes and goes back to its dialect'),
      v('Gaps', 4, 'asks for the gaps from number firstSample on again'),
      v('Status', 128),
      v('Gap', 129),
      v('Window', 130),
      v('Dropped', 131, 'a window that was due and was not computed'),
      v('Ended', 132),
    ],
  },
];

/** Everything the device must never have to compute is in these structs; offsets are bytes from the Program's start. */
export const structs: readonly StructSchema[] = [
  {
    name: 'ProgramHeader',
    doc: 'First bytes of a Program. Little-endian, executed in place, 16-byte aligned.',
    bytes: 128,
    fields: [
      f('magic', 'u32', 'PROGRAM_MAGIC'),
      f('abiVersion', 'u16', 'ABI_VERSION'),
      f('headerBytes', 'u16', '128'),
      f('totalBytes', 'u32', 'of the whole Program, a multiple of 16'),
      f('crc32', 'u32', 'CRC-32/ISO-HDLC of bytes 16…totalBytes'),
      f('modelSha256', 'u8', 'of the .tflite it was compiled from', 32),
      f('arenaBytes', 'u32', 'all activations and scratch'),
      f('tensorCount', 'u16', ''),
      f('opCount', 'u16', ''),
      f('inputCount', 'u16', ''),
      f('outputCount', 'u16', ''),
      f('tensorsOffset', 'u32', 'TensorRecord[tensorCount]'),
      f('opsOffset', 'u32', 'OpRecord[opCount], in execution order'),
      f('ioOffset', 'u32', 'u16 tensor indices: inputs, then outputs'),
      f('constsOffset', 'u32', 'weights, biases, multipliers'),
      f('constsBytes', 'u32', ''),
      f('namesOffset', 'u32', "zero-terminated UTF-8: the model's name, then one name an operator; 0 = none"),
      f('namesBytes', 'u32', ''),
      f('macs', 'u32', 'multiply-accumulates of one inference'),
      f('flags', 'u32', 'ProgramFlag bits'),
      f(
        'lowerBoundBytes',
        'u32',
        'no arena plan can be smaller: the largest sum of live tensors and scratch',
      ),
      f('reserved', 'u32', '0', 7),
    ],
  },
  {
    name: 'TensorRecord',
    doc: 'Shape, type, quantisation and place of one tensor.',
    bytes: 52,
    fields: [
      f('dtype', 'u8', 'DType'),
      f('bits', 'u8', '8 for int8; 4, 2, 1 where packed'),
      f('packing', 'u8', 'Packing'),
      f('scaleKind', 'u8', 'ScaleKind'),
      f('granularity', 'u8', 'Granularity'),
      f('channelAxis', 'u8', 'for PerChannel'),
      f('rank', 'u8', '0…5'),
      f('memory', 'u8', 'Memory'),
      f('dims', 'i32', 'unused ones are 1', 5),
      f('offset', 'u32', 'in the arena or in the Program'),
      f('bytes', 'u32', ''),
      f('scale', 'f32', 'per tensor; 0 when there is none'),
      f('zeroPoint', 'i32', ''),
      f('scalesOffset', 'u32', 'f32 per channel; 0 = none'),
      f('scaleLog2', 'i32', 'for PowerOfTwo'),
    ],
  },
  {
    name: 'OpRecord',
    doc: 'One operator of the plan.',
    bytes: 40,
    fields: [
      f('opcode', 'u16', 'OpCode'),
      f('kernel', 'u16', 'Kernel'),
      f('inputCount', 'u8', ''),
      f('outputCount', 'u8', ''),
      f('flags', 'u16', '0'),
      f('ioOffset', 'u32', 'u16 tensor indices: inputs (0xFFFF = absent), then outputs'),
      f('paramsOffset', 'u32', "the kernel's parameter struct"),
      f('paramsBytes', 'u32', ''),
      f('scratchOffset', 'u32', 'in the arena'),
      f('scratchBytes', 'u32', ''),
      f('macs', 'u32', ''),
      f('sourceIndex', 'u32', 'operator index in the .tflite'),
      f('reserved', 'u32', '0'),
    ],
  },
  {
    name: 'ConvParams',
    doc: 'CONV_2D and DEPTHWISE_CONV_2D, int8, NHWC. Weights OHWI (conv) or 1HWC (depthwise), as in .tflite.',
    bytes: 112,
    fields: [
      f('batches', 'i32', ''),
      f('inH', 'i32', ''),
      f('inW', 'i32', ''),
      f('inC', 'i32', ''),
      f('outH', 'i32', ''),
      f('outW', 'i32', ''),
      f('outC', 'i32', ''),
      f('filterH', 'i32', ''),
      f('filterW', 'i32', ''),
      f('filterC', 'i32', 'input channels a filter sees (grouped convolution: inC / groups)'),
      f('strideH', 'i32', ''),
      f('strideW', 'i32', ''),
      f('dilationH', 'i32', ''),
      f('dilationW', 'i32', ''),
      f('padTop', 'i32', ''),
      f('padLeft', 'i32', ''),
      f('depthMultiplier', 'i32', 'depthwise only, else 0'),
      f('inputOffset', 'i32', '−zero point of the input'),
      f('outputOffset', 'i32', 'zero point of the output'),
      f('actMin', 'i32', ''),
      f('actMax', 'i32', ''),
      f('weightsOffset', 'u32', 'i8'),
      f('biasOffset', 'u32', 'i32[outC]; 0 = none'),
      f('multipliersOffset', 'u32', 'i32[outC], Q31'),
      f('shiftsOffset', 'u32', 'i32[outC], positive = left'),
      f('reserved', 'u32', '0', 3),
    ],
  },
  {
    name: 'FullyConnectedParams',
    doc: 'FULLY_CONNECTED, int8. Weights [outDepth][inDepth].',
    bytes: 64,
    fields: [
      f('batches', 'i32', ''),
      f('inDepth', 'i32', ''),
      f('outDepth', 'i32', ''),
      f('inputOffset', 'i32', '−zero point of the input'),
      f('filterOffset', 'i32', '−zero point of the weights (0 when symmetric)'),
      f('outputOffset', 'i32', ''),
      f('actMin', 'i32', ''),
      f('actMax', 'i32', ''),
      f('weightsOffset', 'u32', 'i8'),
      f('biasOffset', 'u32', 'i32[outDepth]; 0 = none'),
      f('multipliersOffset', 'u32', 'i32[outDepth], Q31'),
      f('shiftsOffset', 'u32', 'i32[outDepth]'),
      f('reserved', 'u32', '0', 4),
    ],
  },
  {
    name: 'AddParams',
    doc: 'ADD, int8, with NumPy broadcasting over up to four dimensions.',
    bytes: 112,
    fields: [
      f('elements', 'i32', 'of the output'),
      f('broadcast', 'i32', '0 = same shapes, walk linearly'),
      f('outDims', 'i32', '', 4),
      f('strides1', 'i32', 'in elements; 0 where broadcast', 4),
      f('strides2', 'i32', '', 4),
      f('offset1', 'i32', '−zero point'),
      f('offset2', 'i32', '−zero point'),
      f('outputOffset', 'i32', ''),
      f('leftShift', 'i32', '20 for int8'),
      f('multiplier1', 'i32', 'Q31'),
      f('shift1', 'i32', ''),
      f('multiplier2', 'i32', 'Q31'),
      f('shift2', 'i32', ''),
      f('outputMultiplier', 'i32', 'Q31'),
      f('outputShift', 'i32', ''),
      f('actMin', 'i32', ''),
      f('actMax', 'i32', ''),
      f('reserved', 'u32', '0', 2),
    ],
  },
  {
    name: 'PoolParams',
    doc: 'AVERAGE_POOL_2D and MAX_POOL_2D, int8, NHWC.',
    bytes: 64,
    fields: [
      f('batches', 'i32', ''),
      f('inH', 'i32', ''),
      f('inW', 'i32', ''),
      f('channels', 'i32', ''),
      f('outH', 'i32', ''),
      f('outW', 'i32', ''),
      f('filterH', 'i32', ''),
      f('filterW', 'i32', ''),
      f('strideH', 'i32', ''),
      f('strideW', 'i32', ''),
      f('padTop', 'i32', ''),
      f('padLeft', 'i32', ''),
      f('actMin', 'i32', ''),
      f('actMax', 'i32', ''),
      f('reserved', 'u32', '0', 2),
    ],
  },
  {
    name: 'SoftmaxParams',
    doc: 'SOFTMAX over the last dimension, int8 → int8 (scale 1/256, zero point −128).',
    bytes: 32,
    fields: [
      f('rows', 'i32', ''),
      f('depth', 'i32', ''),
      f('inputMultiplier', 'i32', 'Q31 of beta · scale · 2^26'),
      f('inputShift', 'i32', 'left'),
      f('diffMin', 'i32', ''),
      f('reserved', 'u32', '0', 3),
    ],
  },
  {
    name: 'CopyParams',
    doc: 'Bytes from one tensor to another.',
    bytes: 16,
    fields: [f('bytes', 'u32', ''), f('reserved', 'u32', '0', 3)],
  },
  {
    name: 'QuantizeParams',
    doc: 'QUANTIZE: float32 → int8/uint8/int16, or a requantisation between integer types.',
    bytes: 48,
    fields: [
      f('elements', 'i32', ''),
      f('fromType', 'u8', 'DType'),
      f('toType', 'u8', 'DType'),
      f('pad', 'u16', '0'),
      f('scale', 'f32', 'of the output, for float input'),
      f('inputZeroPoint', 'i32', ''),
      f('outputZeroPoint', 'i32', ''),
      f('multiplier', 'i32', 'Q31 of inputScale/outputScale'),
      f('shift', 'i32', ''),
      f('reserved', 'u32', '0', 5),
    ],
  },
  {
    name: 'DequantizeParams',
    doc: 'DEQUANTIZE: integer → float32.',
    bytes: 32,
    fields: [
      f('elements', 'i32', ''),
      f('fromType', 'u8', 'DType'),
      f('pad', 'u8', '0', 3),
      f('scale', 'f32', ''),
      f('zeroPoint', 'i32', ''),
      f('reserved', 'u32', '0', 4),
    ],
  },
  {
    name: 'ImageConfig',
    doc: 'The configuration block of an image, at a fixed flash offset (board descriptor), one erase sector.',
    bytes: 128,
    fields: [
      f('magic', 'u32', 'CONFIG_MAGIC'),
      f('version', 'u16', '1'),
      f('bytes', 'u16', '128'),
      f('crc32', 'u32', 'CRC-32/ISO-HDLC of bytes 12…128'),
      f('mode', 'u32', 'HarnessMode'),
      f('baud', 'u32', '115200 in performance, 9600 in energy mode unless the user says otherwise'),
      f('programAddress', 'u32', 'absolute, 16-byte aligned; 0 = none, upload one'),
      f('programBytes', 'u32', ''),
      f('inputEncoding', 'u8', 'InputEncoding'),
      f('resultKind', 'u8', 'ResultKind'),
      f('pad', 'u16', '0'),
      f('idleUsBeforeWindow', 'u32', 'WFI before each energy window, ≥ 1 000 000'),
      f('vendor', 'u8', 'for m-name-dut-[…], zero padded ASCII', 24),
      f('model', 'u8', 'for m-model-[…], zero padded ASCII', 24),
      f('reserved', 'u32', '0', 11),
    ],
  },
  {
    name: 'StreamSetup',
    doc: 'First bytes of what `mj load stream` takes: everything a stream needs to know. Offsets are from its start.',
    bytes: 128,
    fields: [
      f('magic', 'u32', 'STREAM_MAGIC'),
      f('version', 'u16', '1'),
      f('headerBytes', 'u16', '128'),
      f('totalBytes', 'u32', 'of the set-up, tables included; a multiple of 4'),
      f('crc32', 'u32', 'CRC-32/ISO-HDLC of bytes 16…totalBytes'),
      f('frontEnd', 'u8', 'FrontEnd'),
      f('encoding', 'u8', 'SampleEncoding'),
      f('channels', 'u8', 'values a sample frame; with Features 1'),
      f('flags', 'u8', 'StreamFlag bits'),
      f('blockBytes', 'u16', 'most payload of a samples frame'),
      f('rowElements', 'u16', 'features a row'),
      f('windowRows', 'u16', 'rows a window'),
      f('hopRows', 'u16', 'rows from one window to the next'),
      f('frameSamples', 'u16', 'audio: samples a row is made of, at most fftPoints'),
      f('hopSamples', 'u16', 'audio: samples from one row to the next'),
      f('fftPoints', 'u16', '64, 128, … 1024'),
      f('melCount', 'u16', 'at most 128'),
      f('biquadCount', 'u8', 'IMU: sections, at most 4'),
      f('smoothingWindows', 'u8', '1…32'),
      f('floorShift', 'u8', 'floor · 2^floorShift is the floor of a frame without headroom used'),
      f('pad', 'u8', '0'),
      f('floor', 'u32', ''),
      f('sampleRateMilliHz', 'u32', 'sample frames'),
      f('silenceUs', 'u32', 'without a good frame for so long the device goes back to its dialect'),
      f('dropBacklogBytes', 'u32', 'more waiting bytes than this and a due window is dropped; 0 = never'),
      f('refractorySamples', 'u32', ''),
      f('ignoredClasses', 'u32', 'bit n: class n is never detected'),
      f('threshold', 'i32', 'least mean output in 1/256 of an int8 step'),
      f('quantOffset', 'u32', 'RowQuantisation, one a channel (IMU) or one'),
      f('windowOffset', 'u32', 'u16, Q15: first half and the middle'),
      f('twiddlesOffset', 'u32', 'i16 pairs, Q15: cos and −sin of 2πk/fftPoints, k < fftPoints/2'),
      f('melFirstOffset', 'u32', 'u16 a filter: its first bin'),
      f('melBinsOffset', 'u32', 'u8 a filter: its bins'),
      f('melWeightOffset', 'u32', 'u16, Q15, one filter after the other'),
      f('melNormOffset', 'u32', "i32 a filter, Q16: log2 of the filter's weight; 0 = none"),
      f('dctOffset', 'u32', 'i16, Q17 times ln 2, [coefficient][mel]'),
      f('biquadOffset', 'u32', 'BiquadRecord'),
      f('reserved', 'u32', '0', 6),
    ],
  },
  {
    name: 'RowQuantisation',
    doc: 'int8 = clamp(((value · multiplier + 2^(shift−1)) >> shift) + offset).',
    bytes: 8,
    fields: [
      f('multiplier', 'i16', ''),
      f('shift', 'u8', '1…30'),
      f('pad', 'u8', '0'),
      f('offset', 'i32', ''),
    ],
  },
  {
    name: 'BiquadRecord',
    doc: 'y = b0·x + b1·x₁ + b2·x₂ − a1·y₁ − a2·y₂; Q28.',
    bytes: 20,
    fields: [f('b', 'i32', '', 3), f('a', 'i32', '', 2)],
  },
  {
    name: 'StreamHead',
    doc: 'First bytes of a frame to the device.',
    bytes: 12,
    fields: [
      f('type', 'u8', 'StreamFrame'),
      f('pad', 'u8', '0'),
      f('sequence', 'u16', 'of samples frames; the others carry the next one'),
      f('firstSample', 'u32', 'index of the first sample frame, modulo 2^32'),
      f('count', 'u16', 'sample frames that follow'),
      f('pad2', 'u16', '0'),
    ],
  },
  {
    name: 'StreamReport',
    doc: 'First bytes of a frame from the device: how things stand.',
    bytes: 48,
    fields: [
      f('type', 'u8', 'StreamFrame'),
      f('pad', 'u8', '0'),
      f('sequence', 'u16', 'of frames from the device'),
      f('nextSequence', 'u16', 'the samples frame it waits for'),
      f('limitSequence', 'u16', 'the first one it has no room for'),
      f('nextSample', 'u32', 'all before are taken or in a gap'),
      f('samplesTaken', 'u32', ''),
      f('gaps', 'u32', ''),
      f('badFrames', 'u32', 'wrong CRC, COBS, length or contents'),
      f('overruns', 'u32', 'characters that UART or ring lost, since the stream began'),
      f('underruns', 'u32', ''),
      f('windows', 'u32', 'computed'),
      f('dropped', 'u32', 'due and not computed'),
      f('deviceUs', 'u32', 'its clock'),
      f('maxQueuedBytes', 'u32', 'most that ever waited'),
    ],
  },
  {
    name: 'StreamGapRecord',
    doc: 'Follows the report in a Gap frame.',
    bytes: 12,
    fields: [f('index', 'u32', 'counted from 0'), f('firstSample', 'u32', ''), f('sampleCount', 'u32', '')],
  },
  {
    name: 'StreamWindowRecord',
    doc: 'Follows the report in a Window or Dropped frame; then the output tensor, then the input tensor where asked for.',
    bytes: 44,
    fields: [
      f('index', 'u32', 'counted from 0, dropped ones included'),
      f('lastSample', 'u32', ''),
      f('frontEndCycles', 'u32', 'since the window before; saturating'),
      f('inferenceCycles', 'u32', ''),
      f('latencyUs', 'u32', "from the last sample's frame, checked, to the result"),
      f('queuedBytes', 'u32', 'in the receive ring when the inference began'),
      f('featuresCrc32', 'u32', 'of the input tensor'),
      f('score', 'i32', 'of the detection, 1/256 of an int8 step'),
      f('detectedClass', 'i16', '−1: none'),
      f('outputBytes', 'u16', ''),
      f('featureBytes', 'u16', '0 where they are not sent'),
      f('status', 'u16', 'Status'),
      f('sinceStartUs', 'u32', 'device time since the stream began, when the report was made'),
    ],
  },
];

/**
 * The `mj` extension of the th- dialect. Host → DUT `mj <word> …%`, replies are lines `m-mj-<word>-[…]`
 * and `m-ready`, errors `e-[mj <word>: <reason>]`. See docs/mj-commands.md.
 */
export const mjCommands: readonly { readonly word: string; readonly reply: string; readonly doc: string }[] =
  [
    {
      word: 'id',
      reply:
        'm-mj-id-[abi=1,fw=<crc32 hex>,program=<crc32 hex>,model=<first 16 hex of sha256>,board=<id>,mode=<performance|energy>,clk=<Hz>,baud=<n>,ops=<n>,arena=<bytes>,in=<bytes>,out=<bytes>,status=<Status>,source=<image|ram>]',
      doc: 'identity: hashes of firmware and Program, board, mode, clock; `in` is what `db` must hold for one inference',
    },
    {
      word: 'arena',
      reply: 'm-mj-arena-[high=<bytes>,size=<bytes>]',
      doc: 'high-water mark since the last `mj paint`',
    },
    {
      word: 'paint',
      reply: 'm-mj-paint-done',
      doc: 'fill the arena with the pattern the high-water mark is read from',
    },
    {
      word: 'prof',
      reply:
        'm-mj-prof-[ops=<n>,overhead=<cycles>], m-mj-op-[<index>,<kernel>,<cycles>] a line an operator, then m-mj-total-[<cycles>]',
      doc: 'one inference with cycles per operator; the calibrated cost of looking (`overhead`) is already taken off each',
    },
    {
      word: 'out',
      reply: 'm-mj-out-[<offset>,<hex of ≤ 32 bytes>] lines, then m-mj-outcrc-[<crc32 hex>]',
      doc: 'raw bytes of all output tensors of the last inference',
    },
    {
      word: 'load',
      reply:
        'm-mj-load-[<kind>,<bytes>] then COBS frames, each answered m-mj-ack-[<seq>] or m-mj-nak-[<seq wanted>,<reason>], at the end m-mj-load-done-[<crc32 hex>]',
      doc: '`mj load input N%`, `mj load program N%` or `mj load stream N%`: checked bulk upload',
    },
    {
      word: 'baud',
      reply: 'm-mj-baud-[<n>] and m-ready at the old rate, then the new rate holds',
      doc: '`mj baud N%`; the old rate comes back after 3 s without a known command',
    },
    {
      word: 'line',
      reply: 'm-mj-line-[overruns=<n>,framing=<n>,dropped=<n>]',
      doc: 'receive errors since start',
    },
    {
      word: 'window',
      reply: 'm-mj-window-[start=<µs>,end=<µs>]',
      doc: 'when the last window of `infer` began and ended by the timer of the device; wraps at 2^32',
    },
    {
      word: 'stream',
      reply:
        'm-mj-stream-[ring=<bytes>,frames=<n>,work=<bytes>], then frames; at the end m-mj-stream-done-[samples=<n>,gaps=<n>,windows=<n>,dropped=<n>,reason=<word>]',
      doc: 'after `mj load stream N%`: live samples in, results out (docs/stream-format.md)',
    },
    { word: 'reset', reply: 'm-mj-reset, then the boot prologue', doc: 'watchdog reset' },
  ];
