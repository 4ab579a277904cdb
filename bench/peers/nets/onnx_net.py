"""A net as an ONNX file: channels first, recurrent layers as the fused ops LSTM and GRU."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from layers import EPSILON, NETS, same_padding


class Writer:
    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, value):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind, inputs, output=None, **attributes):
        output = output or f"t{len(self.nodes)}"
        outputs = [output] if isinstance(output, str) else output
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0]


def activate(w, x, act):
    if act == "relu":
        return w.op("Relu", [x])
    if act == "relu6":
        return w.op("Clip", [x, w.weight(np.float32(0)), w.weight(np.float32(6))])
    return x


def conv(w, x, layer, length):
    size, stride = layer["w"].shape[0], layer["stride"]
    low, high = same_padding(size, stride, length)
    depthwise = layer["depthwise"]
    inputs = [x, w.weight(layer["w"].transpose(2, 3, 0, 1) if depthwise else layer["w"].transpose(3, 2, 0, 1))]
    if layer["bias"] is not None:
        inputs.append(w.weight(layer["bias"]))
    x = w.op("Conv", inputs, kernel_shape=[size, size], strides=[stride, stride], pads=[low, low, high, high],
             group=layer["w"].shape[2] if depthwise else 1)
    if layer["norm"]:
        x = w.op("BatchNormalization", [x, *map(w.weight, layer["norm"])], epsilon=EPSILON)
    return activate(w, x, layer["act"]), -(-length // stride)


def recurrent(w, x, kind, kernel, recurrence, bias, size, **attributes):
    """Time first, as the op has it, and back."""
    x = w.op("Transpose", [x], perm=[1, 0, 2])
    x = w.op(kind, [x, w.weight(kernel.T[None]), w.weight(recurrence.T[None]), w.weight(bias[None])], hidden_size=size, **attributes)
    x = w.op("Squeeze", [x, w.weight(np.array([1], np.int64))])
    return w.op("Transpose", [x], perm=[1, 0, 2])


def lstm(w, x, kernel, bias):
    size = bias.shape[0] // 4
    i, j, f, o = np.split(kernel, 4, 1)
    bi, bj, bf, bo = np.split(bias, 4)
    kernel, bias = np.concatenate([i, o, f, j], 1), np.concatenate([bi, bo, bf + 1, bj, np.zeros(4 * size)]).astype(np.float32)
    inputs = kernel.shape[0] - size
    return recurrent(w, x, "LSTM", kernel[:inputs], kernel[inputs:], bias, size)


def gru(w, x, layer):
    (gates, gate_bias), (candidate, bias) = layer["gates"], layer["candidate"]
    size = bias.shape[0]
    (r, u), (br, bu) = np.split(gates, 2, 1), np.split(gate_bias, 2)
    kernel = np.concatenate([u, r, candidate], 1)
    bias = np.concatenate([bu, br, bias, np.zeros(3 * size)]).astype(np.float32)
    inputs = kernel.shape[0] - size
    return recurrent(w, x, "GRU", kernel[:inputs], kernel[inputs:], bias, size, linear_before_reset=0)


def apply(w, x, layers, length):
    """length: height and width now."""
    for layer in layers:
        op = layer["op"]
        if op == "conv":
            x, length = conv(w, x, layer, length)
        elif op == "maxpool":
            low, high = same_padding(layer["size"], layer["stride"], length)
            x = w.op("MaxPool", [x], kernel_shape=[layer["size"]] * 2, strides=[layer["stride"]] * 2, pads=[low, low, high, high])
            length = -(-length // layer["stride"])
        elif op == "block":
            main, after = apply(w, x, layer["main"], length)
            x, length = w.op("Relu", [w.op("Add", [main, apply(w, x, layer["shortcut"], length)[0]])]), after
        elif op == "mean":
            x = w.op("Flatten", [w.op("GlobalAveragePool", [x])])
        elif op == "flatten":
            x = w.op("Flatten", [w.op("Transpose", [x], perm=[0, 2, 3, 1])])
        elif op == "dense":
            x = activate(w, w.op("Gemm", [x, w.weight(layer["w"]), w.weight(layer["bias"])]), layer["act"])
        elif op == "embed":
            x = w.op("Gather", [w.weight(layer["w"]), x], axis=0)
        elif op == "lstm":
            for kernel, bias in layer["layers"]:
                x = lstm(w, x, kernel, bias)
        elif op == "gru":
            x = gru(w, x, layer)
        elif op == "rows":
            x = w.op("Reshape", [x, w.weight(np.array([-1, layers[-1]["w"].shape[0]], np.int64))])
        else:
            raise ValueError(op)
    return x, length


def save(net, path):
    make, shape, kind, _ = NETS[net]
    w = Writer()
    first = len(shape) == 3
    x, _ = apply(w, "x", make(), shape[0])
    w.op("Identity", [x], output="y")
    dims = ["B", shape[2], shape[0], shape[1]] if first else ["B", *shape]
    graph = helper.make_graph(w.nodes, net, [helper.make_tensor_value_info("x", TensorProto.INT32 if kind == "words" else TensorProto.FLOAT, dims)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], w.weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
