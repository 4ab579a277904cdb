/* Shapes of real networks: too large for the conformance tests, where every kernel runs in many
 * ways. ResNet-50's at batch 1 (He et al. 2015, table 1), MobileNet's depthwise layers, the
 * "medium" and "large" PTB LSTMs (Zaremba et al. 2014). */
#include "bench/bench.h"

#define ONE " strides=[1,1,1,1] padding=SAME"
#define TWO " strides=[1,2,2,1] padding=SAME"
#define RELU " fused_ops=['BiasAdd','Relu']"
/* Sweeps: squares, and few rows against one matrix. */
#define SQUARE(N) {"MatMul", "a=f32[" N "x" N "] b=f32[" N "x" N "]"}
#define SKINNY(M) {"MatMul", "a=f32[" M "x1024] b=f32[1024x1024]"}
#define LSTM(T, B, H, H2, H4)                                                                    \
  "seq_len_max=i64(" T ") x=f32[" T "x" B "x" H "] cs_prev=f32[" B "x" H "] h_prev=f32[" B "x" H \
  "] w=f32[" H2 "x" H4 "] wci=f32[" H "] wcf=f32[" H "] wco=f32[" H "] b=f32[" H4 "]"
#define LSTM_CELL(B, H, H2, H4)                                                          \
  "x=f32[" B "x" H "] cs_prev=f32[" B "x" H "] h_prev=f32[" B "x" H "] w=f32[" H2 "x" H4 \
  "] wci=f32[" H "] wcf=f32[" H "] wco=f32[" H "] b=f32[" H4 "]"

const tarn_bench_shape tarn__bench_shapes[] = {
    {"Conv2D", "input=f32[1x224x224x3] filter=f32[7x7x3x64]" TWO},
    {"Conv2D", "input=f32[1x56x56x64] filter=f32[1x1x64x64]" ONE},
    {"Conv2D", "input=f32[1x56x56x64] filter=f32[3x3x64x64]" ONE},
    {"Conv2D", "input=f32[1x56x56x64] filter=f32[1x1x64x256]" ONE},
    {"Conv2D", "input=f32[1x56x56x256] filter=f32[1x1x256x128]" ONE},
    {"Conv2D", "input=f32[1x28x28x128] filter=f32[3x3x128x128]" ONE},
    {"Conv2D", "input=f32[1x56x56x128] filter=f32[3x3x128x128]" TWO},
    {"Conv2D", "input=f32[1x28x28x256] filter=f32[3x3x256x256]" TWO},
    {"Conv2D", "input=f32[1x14x14x512] filter=f32[3x3x512x512]" TWO},
    {"Conv2D", "input=f32[1x28x28x128] filter=f32[1x1x128x512]" ONE},
    {"Conv2D", "input=f32[1x14x14x256] filter=f32[3x3x256x256]" ONE},
    {"Conv2D", "input=f32[1x14x14x1024] filter=f32[1x1x1024x256]" ONE},
    {"Conv2D", "input=f32[1x7x7x512] filter=f32[3x3x512x512]" ONE},
    {"Conv2D", "input=f32[1x7x7x512] filter=f32[1x1x512x2048]" ONE},
    {"_FusedConv2D", "input=f32[1x224x224x3] filter=f32[7x7x3x64] args=f32[64]" TWO RELU},
    {"_FusedConv2D", "input=f32[1x56x56x64] filter=f32[3x3x64x64] args=f32[64]" ONE RELU},
    {"_FusedConv2D", "input=f32[1x28x28x128] filter=f32[3x3x128x128] args=f32[128]" ONE RELU},
    {"_FusedConv2D", "input=f32[1x14x14x256] filter=f32[3x3x256x256] args=f32[256]" ONE RELU},
    {"_FusedConv2D",
     "input=f32[1x14x14x256] filter=f32[1x1x256x1024] args=f32[1024] args=f32[1x14x14x1024]" ONE
     " fused_ops=['BiasAdd','Add','Relu']"},
    {"_FusedConv2D", "input=f32[1x7x7x512] filter=f32[3x3x512x512] args=f32[512]" ONE RELU},
    {"Conv2DBackpropInput",
     "input_sizes=i32{1,28,28,128} filter=f32[3x3x128x128] out_backprop=f32[1x28x28x128]" ONE},
    {"Conv2DBackpropFilter",
     "input=f32[1x28x28x128] filter_sizes=i32{3,3,128,128} out_backprop=f32[1x28x28x128]" ONE},
    {"DepthwiseConv2dNative", "input=f32[1x112x112x32] filter=f32[3x3x32x1]" ONE},
    {"DepthwiseConv2dNative", "input=f32[1x14x14x512] filter=f32[3x3x512x1]" ONE},
    {"_FusedConvChain",
     "input=f32[1x56x56x128] args=f32[3x3x128x1] args=f32[128] args=f32[1x1x128x128] args=f32[128]"
     " depthwise=[true,false] strides=[1,1,1,1] paddings=[1,1,1,1,0,0,0,0] "
     "activations=['Relu6','Relu6']"},
    {"DepthwiseConv2dNative", "input=f32[1x56x56x128] filter=f32[3x3x128x1]" ONE},
    {"DepthwiseConv2dNative", "input=f32[1x112x112x64] filter=f32[3x3x64x1]" TWO},
    {"Conv2D", "input=f32[1x112x112x32] filter=f32[1x1x32x64]" ONE},
    {"Conv2D", "input=f32[1x28x28x256] filter=f32[1x1x256x256]" ONE},
    {"Conv2D", "input=f32[1x14x14x512] filter=f32[1x1x512x512]" ONE},
    {"Conv2D", "input=f32[1x7x7x1024] filter=f32[1x1x1024x1024]" ONE},
    {"MatMul", "a=f32[1x2048] b=f32[2048x1000]"},
    {"MatMul", "a=f32[20x1300] b=f32[1300x2600]"},
    {"MatMul", "a=f32[256x256] b=f32[256x256]"},
    {"MatMul", "a=f32[1024x1024] b=f32[1024x1024]"},
    {"MatMul", "a=f32[64x1024] b=f32[1024x4096]"},
    SQUARE("128"),
    SQUARE("384"),
    SQUARE("512"),
    SQUARE("768"),
    SQUARE("1536"),
    SQUARE("2048"),
    SKINNY("1"),
    SKINNY("2"),
    SKINNY("4"),
    SKINNY("8"),
    SKINNY("35"),
    {"MatMul", "a=f32[1x200] b=f32[200x800]"},
    {"MatMul", "a=f32[1x1500] b=f32[1500x6000]"},
    {"MatMul", "a=f32[20x1500] b=f32[1500x6000]"},
    {"MatMul", "a=f32[20x1500] b=f32[1500x10000]"},
    {"_FusedMatMul", "a=f32[1x2048] b=f32[2048x1000] args=f32[1000] fused_ops=['BiasAdd']"},
    {"BatchMatMulV2", "x=f32[8x128x64] y=f32[8x64x128]"},
    {"LSTMBlockCell", LSTM_CELL("1", "650", "1300", "2600")},
    {"LSTMBlockCell", LSTM_CELL("20", "650", "1300", "2600")},
    {"BlockLSTM", LSTM("35", "1", "650", "1300", "2600")},
    {"BlockLSTM", LSTM("35", "20", "650", "1300", "2600")},
    {"BlockLSTM", LSTM("35", "20", "1500", "3000", "6000")},
    {"GRUBlockCell",
     "x=f32[20x512] h_prev=f32[20x512] w_ru=f32[1024x1024] w_c=f32[1024x512] b_ru=f32[1024] "
     "b_c=f32[512]"},
    {"FusedBatchNormV3",
     "x=f32[1x56x56x256] scale=f32[256] offset=f32[256] mean=f32[256] variance=f32[256]:0..1 "
     "is_training=false"},
    {"MaxPool", "input=f32[1x112x112x64] ksize=[1,3,3,1] strides=[1,2,2,1] padding=SAME"},
    {"AvgPool", "value=f32[1x7x7x2048] ksize=[1,7,7,1] strides=[1,1,1,1] padding=VALID"},
    {"Relu", "features=f32[1x56x56x256]"},
    {"Add", "x=f32[1x56x56x256] y=f32[1x56x56x256]"},
    {"AddV2", "x=f32[1x56x56x256] y=f32[1x56x56x256]"},
    {"Mul", "x=f32[1x56x56x256] y=f32[1x56x56x256]"},
    {"Sigmoid", "x=f32[1000000]"},
    {"Tanh", "x=f32[1000000]"},
    {"Exp", "x=f32[1000000]"},
    {"Softmax", "logits=f32[128x1000]"},
    {"Softmax", "logits=f32[20x10000]"},
    {"SparseSoftmaxCrossEntropyWithLogits", "features=f32[700x10000] labels=i64[700]:0..9999"},
    {"BiasAdd", "value=f32[1x56x56x256] bias=f32[256]"},
    {"GatherV2", "params=f32[10000x650] indices=i32[700]:0..9999 axis=i32(0)"},
    {"Transpose", "x=f32[1x56x56x256] perm=i32{0,3,1,2}"},
    {0},
};
