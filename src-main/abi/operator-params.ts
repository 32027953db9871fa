import { field as f, type StructSchema } from './struct-schema.ts';

/**
 * Parameter structs of the operators behind the first ten kernels. The elementwise ones begin with the fields of
 * BroadcastWalk, so that one walk serves them all.
 */
const broadcast = [
  f('elements', 'i32', 'of the output'),
  f('broadcast', 'i32', '0 = same shapes, walk linearly'),
  f('outDims', 'i32', '', 4),
  f('strides1', 'i32', 'in elements; 0 where broadcast', 4),
  f('strides2', 'i32', '', 4),
];

export const operatorParams: readonly StructSchema[] = [
  {
    name: 'BroadcastWalk',
    doc: 'First fields of AddParams, MulParams and MinMaxParams: how two inputs are walked.',
    bytes: 56,
    fields: broadcast,
  },
  {
    name: 'MulParams',
    doc: 'MUL, int8, with NumPy broadcasting over up to four dimensions.',
    bytes: 96,
    fields: [
      ...broadcast,
      f('offset1', 'i32', '−zero point'),
      f('offset2', 'i32', '−zero point'),
      f('outputOffset', 'i32', ''),
      f('multiplier', 'i32', 'Q31 of scale1 · scale2 / output scale'),
      f('shift', 'i32', ''),
      f('actMin', 'i32', ''),
      f('actMax', 'i32', ''),
      f('reserved', 'u32', '0', 3),
    ],
  },
  {
    name: 'MinMaxParams',
    doc: 'MINIMUM and MAXIMUM, int8, with NumPy broadcasting over up to four dimensions.',
    bytes: 64,
    fields: [...broadcast, f('reserved', 'u32', '0', 2)],
  },
  {
    name: 'LookupParams',
    doc: 'An int8 function of one int8 element, by table.',
    bytes: 16,
    fields: [
      f('elements', 'i32', ''),
      f('tableOffset', 'u32', 'i8[256]: the result for −128, −127, … 127'),
      f('reserved', 'u32', '0', 2),
    ],
  },
  {
    name: 'MoveParams',
    doc: 'Blocks of bytes from one strided place to another: TRANSPOSE, SLICE, STRIDED_SLICE, PAD.',
    bytes: 80,
    fields: [
      f('dims', 'i32', 'blocks along each dimension, the last one fastest', 5),
      f('inOffset', 'i32', 'bytes'),
      f('inStrides', 'i32', 'bytes, may be negative', 5),
      f('outOffset', 'i32', 'bytes'),
      f('outStrides', 'i32', 'bytes', 5),
      f('blockBytes', 'i32', 'contiguous on both sides'),
      f('fill', 'i32', '1 = the whole output gets the pattern first'),
      f('pattern', 'u32', 'four bytes, repeated'),
    ],
  },
  {
    name: 'JoinParams',
    doc: 'CONCATENATION and PACK: rows of all inputs one behind the other; SPLIT, SPLIT_V and UNPACK: the reverse.',
    bytes: 16,
    fields: [
      f('rows', 'i32', 'elements in front of the axis; what a tensor has in a row are its bytes / rows'),
      f('reserved', 'u32', '0', 3),
    ],
  },
  {
    name: 'ReduceParams',
    doc: 'MEAN, SUM (requantised sums) and REDUCE_MAX (the largest element), int8.',
    bytes: 96,
    fields: [
      f('outDims', 'i32', 'the dimensions that stay', 4),
      f('outStrides', 'i32', 'of the input, in elements', 4),
      f('reduceDims', 'i32', 'the dimensions that go', 4),
      f('reduceStrides', 'i32', 'of the input, in elements', 4),
      f('bias', 'i32', '−zero point · elements summed'),
      f('multiplier', 'i32', 'Q31, with the division of a mean in it'),
      f('shift', 'i32', ''),
      f('outputOffset', 'i32', ''),
      f('reserved', 'u32', '0', 4),
    ],
  },
  {
    name: 'ResizeNearestParams',
    doc: 'RESIZE_NEAREST_NEIGHBOR, NHWC, any element type.',
    bytes: 48,
    fields: [
      f('batches', 'i32', ''),
      f('inH', 'i32', ''),
      f('inW', 'i32', ''),
      f('outH', 'i32', ''),
      f('outW', 'i32', ''),
      f('pixelBytes', 'i32', 'all channels of a pixel'),
      f('rowsOffset', 'u32', 'u16[outH]: the input row of each output row'),
      f('columnsOffset', 'u32', 'u16[outW]: the input column of each output column'),
      f('reserved', 'u32', '0', 4),
    ],
  },
  {
    name: 'ArgMaxParams',
    doc: 'ARG_MAX: the index of the largest int8 along one dimension, int32; the first where several are.',
    bytes: 16,
    fields: [
      f('outer', 'i32', 'elements in front of the axis'),
      f('depth', 'i32', 'along it'),
      f('inner', 'i32', 'behind it'),
      f('reserved', 'u32', '0'),
    ],
  },
  {
    name: 'BatchMatmulParams',
    doc: 'BATCH_MATMUL, int8: out[b][r][c] = Σ lhs[b][r][k]·rhs[b][k][c], either side transposed or broadcast by its strides.',
    bytes: 96,
    fields: [
      f('batchDims', 'i32', 'of the output', 3),
      f('lhsBatchStrides', 'i32', 'in elements; 0 where broadcast', 3),
      f('rhsBatchStrides', 'i32', 'in elements; 0 where broadcast', 3),
      f('rows', 'i32', ''),
      f('depth', 'i32', ''),
      f('columns', 'i32', ''),
      f('lhsRowStride', 'i32', ''),
      f('lhsDepthStride', 'i32', ''),
      f('rhsDepthStride', 'i32', ''),
      f('rhsColumnStride', 'i32', ''),
      f('lhsOffset', 'i32', '−zero point'),
      f('rhsOffset', 'i32', '−zero point'),
      f('outputOffset', 'i32', ''),
      f('multiplier', 'i32', 'Q31'),
      f('shift', 'i32', ''),
      f('reserved', 'u32', '0', 3),
    ],
  },
];
