/** Attributes of the operators the reader knows, by .tflite builtin options. Extended with every new operator. */
export type Padding = 'same' | 'valid';
export type Activation = 'none' | 'relu' | 'relu_n1_to_1' | 'relu6' | 'tanh' | 'sign_bit';

export type OpAttributes =
  | {
      readonly kind: 'conv2d';
      readonly padding: Padding;
      readonly strideH: number;
      readonly strideW: number;
      readonly dilationH: number;
      readonly dilationW: number;
      readonly activation: Activation;
    }
  | {
      readonly kind: 'depthwiseConv2d';
      readonly padding: Padding;
      readonly strideH: number;
      readonly strideW: number;
      readonly dilationH: number;
      readonly dilationW: number;
      readonly depthMultiplier: number;
      readonly activation: Activation;
    }
  | { readonly kind: 'fullyConnected'; readonly activation: Activation; readonly keepNumDims: boolean }
  | { readonly kind: 'add'; readonly activation: Activation }
  | {
      readonly kind: 'pool2d';
      readonly padding: Padding;
      readonly strideH: number;
      readonly strideW: number;
      readonly filterH: number;
      readonly filterW: number;
      readonly activation: Activation;
    }
  | { readonly kind: 'softmax'; readonly beta: number }
  | { readonly kind: 'reshape' }
  | { readonly kind: 'quantize' }
  | { readonly kind: 'dequantize' }
  /** Operators without options: the operands say everything. */
  | { readonly kind: 'plain' }
  | { readonly kind: 'sub'; readonly activation: Activation }
  | { readonly kind: 'mul'; readonly activation: Activation }
  | { readonly kind: 'leakyRelu'; readonly alpha: number }
  | { readonly kind: 'reduce'; readonly keepDims: boolean }
  | { readonly kind: 'concatenation'; readonly axis: number; readonly activation: Activation }
  | {
      readonly kind: 'stridedSlice';
      /** A bit a dimension, as in TensorFlow's strided_slice. */
      readonly beginMask: number;
      readonly endMask: number;
      readonly shrinkAxisMask: number;
    }
  /** Empty = every dimension of size 1. */
  | { readonly kind: 'squeeze'; readonly dims: readonly number[] }
  | { readonly kind: 'resizeNearest'; readonly alignCorners: boolean; readonly halfPixelCenters: boolean }
  | { readonly kind: 'split'; readonly count: number }
  | { readonly kind: 'pack'; readonly count: number; readonly axis: number }
  | { readonly kind: 'unpack'; readonly count: number; readonly axis: number }
  | {
      readonly kind: 'transposeConv';
      readonly padding: Padding;
      readonly strideH: number;
      readonly strideW: number;
      readonly activation: Activation;
    }
  /** The last two dimensions of a side are exchanged. */
  | { readonly kind: 'batchMatmul'; readonly adjX: boolean; readonly adjY: boolean }
  /** A variable's name; the reader puts a tensor in its place. */
  | { readonly kind: 'varHandle'; readonly container: string; readonly sharedName: string }
  | { readonly kind: 'callOnce'; readonly subgraph: number }
  | {
      readonly kind: 'lstm';
      readonly activation: Activation;
      readonly cellClip: number;
      readonly projectionClip: number;
      readonly timeMajor: boolean;
    }
  | { readonly kind: 'svdf'; readonly rank: number; readonly activation: Activation }
  | { readonly kind: 'argMax'; readonly outputType: 'int32' | 'int64' }
  /** An operator the product does not lower; kept so that the error can name it. */
  | { readonly kind: 'unsupported' };
