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
  /** An operator the product does not lower; kept so that the error can name it. */
  | { readonly kind: 'unsupported' };
