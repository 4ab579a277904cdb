"""A net as a PyTorch module. Its GRU applies the reset gate after the product: as much work, other numbers."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from layers import EPSILON, NETS, same_padding


def tensor(value):
    return torch.tensor(np.ascontiguousarray(value))


class Conv(nn.Module):
    def __init__(self, layer, length):
        super().__init__()
        w, depthwise = layer["w"], layer["depthwise"]
        size, channels = w.shape[0], w.shape[2] if depthwise else w.shape[3]
        low, high = same_padding(size, layer["stride"], length)
        self.uneven, self.act = (low, high) if low != high else None, layer["act"]
        self.conv = nn.Conv2d(w.shape[2], channels, size, layer["stride"], 0 if self.uneven else low,
                              groups=w.shape[2] if depthwise else 1, bias=layer["bias"] is not None)
        self.conv.weight.data = tensor(w.transpose(2, 3, 0, 1) if depthwise else w.transpose(3, 2, 0, 1))
        self.norm = nn.Identity()
        if layer["bias"] is not None:
            self.conv.bias.data = tensor(layer["bias"])
        if layer["norm"]:
            self.norm = nn.BatchNorm2d(channels, eps=EPSILON)
            for name, value in zip(("weight", "bias", "running_mean", "running_var"), layer["norm"]):
                getattr(self.norm, name).data.copy_(tensor(value))

    def forward(self, x):
        if self.uneven:
            x = F.pad(x, (*self.uneven, *self.uneven))
        x = self.norm(self.conv(x))
        return F.relu(x) if self.act == "relu" else F.relu6(x) if self.act == "relu6" else x


class MaxPool(nn.Module):
    def __init__(self, layer, length):
        super().__init__()
        self.size, self.stride = layer["size"], layer["stride"]
        self.pad = same_padding(self.size, self.stride, length)

    def forward(self, x):
        if any(self.pad):
            x = F.pad(x, (*self.pad, *self.pad), value=float("-inf"))
        return F.max_pool2d(x, self.size, self.stride)


class Block(nn.Module):
    def __init__(self, layer, length):
        super().__init__()
        (self.main, _), (self.shortcut, _) = sequence(layer["main"], length), sequence(layer["shortcut"], length)

    def forward(self, x):
        return F.relu(self.main(x) + self.shortcut(x))


class Call(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Recurrent(nn.Module):
    def __init__(self, layer):
        super().__init__()
        if layer["op"] == "lstm":
            size = layer["layers"][0][1].shape[0] // 4
            self.net = nn.LSTM(size, size, len(layer["layers"]), batch_first=True)
            for k, (kernel, bias) in enumerate(layer["layers"]):
                i, j, f, o = np.split(kernel, 4, 1)
                bi, bj, bf, bo = np.split(bias, 4)
                kernel = np.concatenate([i, f, j, o], 1)
                getattr(self.net, f"weight_ih_l{k}").data = tensor(kernel[:size].T)
                getattr(self.net, f"weight_hh_l{k}").data = tensor(kernel[size:].T)
                getattr(self.net, f"bias_ih_l{k}").data = tensor(np.concatenate([bi, bf + 1, bj, bo]))
                getattr(self.net, f"bias_hh_l{k}").data.zero_()
        else:
            size = layer["candidate"][1].shape[0]
            self.net = nn.GRU(size, size, batch_first=True)

    def forward(self, x):
        return self.net(x)[0]


def dense(layer):
    m = nn.Linear(*layer["w"].shape)
    m.weight.data, m.bias.data = tensor(layer["w"].T), tensor(layer["bias"])
    return [m, nn.ReLU()] if layer["act"] == "relu" else [m]


def sequence(layers, length):
    modules = []
    for layer in layers:
        op = layer["op"]
        if op in ("conv", "maxpool"):
            modules.append((Conv if op == "conv" else MaxPool)(layer, length))
            length = -(-length // layer["stride"])
        elif op == "block":
            modules.append(Block(layer, length))
            for inner in layer["main"]:
                length = -(-length // inner["stride"])
        elif op == "mean":
            modules.append(Call(lambda x: x.mean((2, 3))))
        elif op == "flatten":
            modules.append(Call(lambda x: x.permute(0, 2, 3, 1).flatten(1)))
        elif op == "dense":
            modules += dense(layer)
        elif op == "embed":
            modules.append(nn.Embedding.from_pretrained(tensor(layer["w"])))
        elif op == "rows":
            modules.append(Call(lambda x: x.reshape(-1, x.shape[2])))
        else:
            modules.append(Recurrent(layer))
    return nn.Sequential(*modules), length


def build(net):
    make, shape, _, _ = NETS[net]
    return sequence(make(), shape[0])[0].eval()
