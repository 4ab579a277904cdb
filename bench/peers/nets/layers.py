"""The nets as lists of layers with weights, read by every builder. Weights are random from a fixed seed and scaled so that
activations stay near 1; NumPy alone is needed, so that every interpreter makes the same.

A layer is a dict with "op":
  conv     w [h, w, in, out] (depthwise: [h, w, in, 1]), stride, depthwise, norm (gamma, beta, mean, variance) or None,
           bias or None, act (None, relu, relu6); padded as TensorFlow's SAME
  maxpool  size, stride (SAME)
  block    main, shortcut (lists of layers): their sum, then relu
  mean     over height and width;   flatten  to rows, in NHWC order
  dense    w [in, out], bias, act
  embed    w [words, size]: numbers [B, T] to [B, T, size]
  lstm     layers [(kernel [in + H, 4H], bias)], gates in the order i, j, f, o, 1 added to f
  gru      gates (kernel [in + H, 2H], bias), candidate (kernel, bias); the reset gate before the product
  rows     [B, T, size] to [B * T, size]
"""
import numpy as np

EPSILON = 1e-5
IMAGE = (224, 224, 3)


class Maker:
    def __init__(self, seed):
        self.random = np.random.RandomState(seed)

    def normal(self, *shape, scale=1.0):
        return (self.random.standard_normal(shape) * scale).astype(np.float32)

    def conv(self, size, inputs, outputs, stride=1, act="relu", depthwise=False, norm=True, gain=1.0):
        fan = size * size * (1 if depthwise else inputs)
        channels = inputs if depthwise else outputs
        layer = {"op": "conv", "stride": stride, "depthwise": depthwise, "act": act, "norm": None, "bias": None,
                 "w": self.normal(size, size, inputs, 1 if depthwise else outputs, scale=np.sqrt(2.0 / fan))}
        if norm:
            uniform = lambda low, high: self.random.uniform(low, high, channels).astype(np.float32)
            layer["norm"] = (uniform(.8, 1.2) * np.float32(gain), self.normal(channels, scale=.1),
                             self.normal(channels, scale=.1), uniform(.6, 1.4))
        else:
            layer["bias"] = self.normal(channels, scale=.05)
        return layer

    def dense(self, inputs, outputs, act=None):
        return {"op": "dense", "w": self.normal(inputs, outputs, scale=1 / np.sqrt(inputs)),
                "bias": self.normal(outputs, scale=.05), "act": act}


def resnet50():
    """Version 1.5: the stride is the 3x3 convolution's."""
    m = Maker(1)
    layers = [m.conv(7, 3, 64, 2), {"op": "maxpool", "size": 3, "stride": 2}]
    inputs = 64
    for stage, units in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for unit in range(units):
            stride = 2 if stage and not unit else 1
            shortcut = [m.conv(1, inputs, 4 * width, stride, act=None)] if not unit else []
            main = [m.conv(1, inputs, width), m.conv(3, width, width, stride), m.conv(1, width, 4 * width, act=None, gain=.3)]
            layers.append({"op": "block", "main": main, "shortcut": shortcut})
            inputs = 4 * width
    return layers + [{"op": "mean"}, m.dense(inputs, 1000)]


def mobilenet_v1():
    m = Maker(2)
    layers, inputs = [m.conv(3, 3, 32, 2, act="relu6")], 32
    for outputs, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1)):
        layers += [m.conv(3, inputs, inputs, stride, act="relu6", depthwise=True), m.conv(1, inputs, outputs, act="relu6")]
        inputs = outputs
    return layers + [{"op": "mean"}, m.dense(inputs, 1000)]


def mnist_cnn():
    m = Maker(3)
    pool = {"op": "maxpool", "size": 2, "stride": 2}
    return [m.conv(5, 1, 32, norm=False), pool, m.conv(5, 32, 64, norm=False), pool, {"op": "flatten"},
            m.dense(3136, 1024, "relu"), m.dense(1024, 10)]


def lstm(size, words=10000):
    m = Maker(4)
    cells = [(m.random.uniform(-1, 1, (2 * size, 4 * size)).astype(np.float32) * np.float32(1.5 / np.sqrt(size)),
              m.normal(4 * size, scale=.05)) for _ in range(2)]
    return [{"op": "embed", "w": m.random.uniform(-1, 1, (words, size)).astype(np.float32)}, {"op": "lstm", "layers": cells},
            {"op": "rows"}, m.dense(size, words)]


def gru(size=512):
    m = Maker(5)
    kernel = lambda outputs: m.random.uniform(-1, 1, (2 * size, outputs)).astype(np.float32) * np.float32(1.5 / np.sqrt(size))
    return [{"op": "gru", "gates": (kernel(2 * size), m.normal(2 * size, scale=.05) + 1), "candidate": (kernel(size), m.normal(size, scale=.05))}]


# name: (layers, the input without its batch, what it holds, batches timed)
NETS = {
    "resnet50": (resnet50, IMAGE, "normal", (1, 8)),
    "mobilenet_v1": (mobilenet_v1, IMAGE, "normal", (1, 8)),
    "mnist_cnn": (mnist_cnn, (28, 28, 1), "normal", (1, 8)),
    "ptb_small": (lambda: lstm(200), (35,), "words", (1, 20)),
    "ptb_medium": (lambda: lstm(650), (35,), "words", (1, 20)),
    "ptb_large": (lambda: lstm(1500), (35,), "words", (1, 20)),
    "gru": (gru, (100, 512), "normal", (1, 20)),
}


def feed(net, batch):
    """The same numbers in every process: NHWC, [B, T] or [B, T, size]."""
    _, shape, kind, _ = NETS[net]
    random = np.random.RandomState(99)
    if kind == "words":
        return random.randint(0, 10000, (batch, *shape)).astype(np.int32)
    return random.standard_normal((batch, *shape)).astype(np.float32)


def same_padding(size, stride, length):
    """TensorFlow's SAME: (before, after)."""
    total = max((-(-length // stride) - 1) * stride + size - length, 0)
    return total // 2, total - total // 2
