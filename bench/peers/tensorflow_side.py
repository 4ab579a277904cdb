"""TensorFlow's kernels by themselves: a chain of K copies of an op in one graph, timed against a chain of K Identity ops."""
import ast
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import op_def_library, op_def_registry

from calls import Input, words

tf.disable_eager_execution()
DTYPES = {"f32": tf.float32, "f64": tf.float64, "f16": tf.float16, "bf16": tf.bfloat16, "i8": tf.int8, "i16": tf.int16,
          "i32": tf.int32, "i64": tf.int64, "u8": tf.uint8, "u16": tf.uint16, "u32": tf.uint32, "u64": tf.uint64,
          "bool": tf.bool, "str": tf.string, "c64": tf.complex64, "c128": tf.complex128, "qi8": tf.qint8,
          "qu8": tf.quint8, "qi32": tf.qint32}
# One thread: intra-op 1, and the caller's own for the rest (inter-op below 0), so that no run waits for another thread to wake.
CONFIG = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=-1, device_count={"GPU": 0})
CONFIG.graph_options.optimizer_options.opt_level = -1          # neither folding nor common subexpressions
CONFIG.graph_options.rewrite_options.disable_meta_optimizer = True


def _strings(spec):
    rng = np.random.default_rng(1)
    n = int(np.prod(spec.shape))
    if spec.kind == "range":
        return np.array([str(v).encode() for v in rng.integers(int(spec.low), int(spec.high) + 1, n)], object).reshape(spec.shape)
    sizes, letters = rng.integers(0, 7, n), rng.integers(97, 101, (n, 7), np.uint8)
    return np.array([letters[i, :sizes[i]].tobytes() for i in range(n)], object).reshape(spec.shape)


def _elements(spec):
    """Elements as graph nodes, with the distributions of graph/case/case_input.c."""
    dtype, shape = DTYPES[spec.dtype], spec.shape
    if dtype == tf.string:
        return tf.constant(_strings(spec), dtype)
    if spec.kind == "steps":
        n = int(np.prod(shape))
        return tf.cast(tf.reshape(spec.low + spec.step * (tf.range(n, dtype=tf.int64) // spec.run), shape), dtype)
    if dtype == tf.bool:
        return tf.random.uniform(shape, seed=1) < 0.5
    if dtype.is_floating:
        wide = tf.float64 if dtype == tf.float64 else tf.float32
        if spec.kind == "range":
            return tf.cast(tf.random.uniform(shape, spec.low, spec.high, wide, seed=1), dtype)
        x = tf.random.normal(shape, dtype=wide, seed=1)
        return tf.cast(x + 4 * shape[-1] * tf.eye(shape[-1], dtype=wide) if spec.kind == "dominant" else x, dtype)
    if dtype.is_complex:
        return tf.cast(tf.complex(tf.random.normal(shape, seed=1), tf.random.normal(shape, seed=2)), dtype)
    low, high = (int(spec.low), int(spec.high)) if spec.kind == "range" else (0, 16) if dtype.is_unsigned else (-8, 8)
    if dtype.is_quantized:
        low, high = (0, 16) if dtype == tf.quint8 else (-8, 8)
        return tf.bitcast(tf.cast(tf.random.uniform(shape, low, high + 1, tf.int32), tf.uint8), dtype)
    return tf.cast(tf.random.uniform(shape, low, high + 1, tf.int64, seed=1), dtype)


def _attr(kind, text):
    if kind == "type":
        return DTYPES.get(text) or tf.as_dtype(text)
    if kind == "string":
        return text.strip("'\"")
    if kind == "shape":
        return ast.literal_eval(text)
    if kind == "bool":
        return text == "true"
    return ast.literal_eval(text)


def _default(value):
    """A default of an op's definition as Python has it."""
    kind = value.WhichOneof("value")
    if kind == "type":
        return tf.as_dtype(value.type)
    if kind == "shape":
        return tf.TensorShape(value.shape)
    if kind != "list":
        return getattr(value, kind)
    return next((list(items) for _, items in value.list.ListFields()), [])


class Chain:
    """A graph of `copies` of the call's op, each after the one before, or of as many Identity ops (base)."""

    def __init__(self, call, copies, base=False, width_of_base=1):
        op_def = op_def_registry.get(call.op)
        args = {a.name: a for a in op_def.input_arg}
        kinds = {a.name: a.type for a in op_def.attr}
        self.stateful = any(a.is_ref or a.type == tf.resource.as_datatype_enum for a in op_def.input_arg)
        self.graph = tf.Graph()
        with self.graph.as_default():
            inputs, attrs, any_value = {}, {}, None
            for name, text in words(call.text):
                if name not in args:
                    attrs[name] = _attr(kinds[name], text)
                    continue
                value, readable = self._input(args[name], Input(text))
                any_value = readable if any_value is None else any_value
                if args[name].number_attr or args[name].type_list_attr:
                    inputs.setdefault(name, []).append(value)
                else:
                    inputs[name] = value
            follow = {getattr(a, field) for a in op_def.input_arg for field in ("type_attr", "number_attr", "type_list_attr")}
            attrs = {name: value for name, value in attrs.items() if name not in follow}
            for a in op_def.attr:
                if a.HasField("default_value") and a.name not in follow:
                    attrs.setdefault(a.name, _default(a.default_value))
            last, width = tf.no_op(), width_of_base
            make = lambda **given: op_def_library.apply_op(call.op, **given)
            for _ in range(copies):
                with tf.control_dependencies([last]):
                    out = [tf.identity(any_value)] * width if base else self._flat(make(**inputs, **attrs))
                    width = len(out)
                if width < 2:
                    last = out[0] if isinstance(out[0], tf.Operation) else out[0].op
                    continue
                # Some kernels do not make what nobody reads. The base chain has as many readers.
                last = tf.group(*[tf.identity(value) for value in out])
            self.width = width
            self.target = tf.group(last, name="target")
            self.init = tf.global_variables_initializer()

    def _input(self, arg, spec):
        """What the op gets, and a plain tensor for the base chain."""
        if spec.kind == "given" and not arg.is_ref:
            value = tf.constant(spec.values, DTYPES[spec.dtype], spec.shape)
            return value, value
        resource = not arg.is_ref
        variable = tf.Variable(_elements(spec), use_resource=resource, dtype=DTYPES[spec.dtype])
        if arg.is_ref:
            return variable._ref(), variable._ref()
        if arg.type == tf.resource.as_datatype_enum:
            return variable.handle, variable.value()
        value = variable.value()
        return value, value

    @staticmethod
    def _flat(out):
        """The outputs, or the operation of an op without any."""
        if not isinstance(out, (list, tuple)):
            return [out]
        return [value for part in out for value in Chain._flat(part)]

    def open(self):
        self.session = tf.Session(graph=self.graph, config=CONFIG)
        self.session.run(self.init)
        self.run = self.session.make_callable(self.target)
        self.run()
        return self

    def seconds(self, budget):
        """The least time of a run; at least three runs, unless one takes longer than the budget."""
        best, spent, runs = float("inf"), 0.0, 0
        while spent < budget or runs < 3:
            start = time.perf_counter()
            self.run()
            took = time.perf_counter() - start
            best, spent, runs = min(best, took), spent + took, runs + 1
            if took > budget and runs >= 2:
                break
        return best

    def close(self):
        self.session.close()
        tf.reset_default_graph()


class Timer:
    """The microseconds of one op: (chain - chain of Identity) / copies, or the chain by itself (raw)."""

    alone = {}   # by width: what a run costs whose single op is an Identity; for ops so long that it hardly counts

    def __init__(self, call, budget):
        self.budget = budget
        self.chain = Chain(call, 1).open()
        took = self.chain.seconds(budget / 4)
        self.copies = max(1, min(128, int(3e-3 / max(took, 1e-6))))
        self.base = None
        if self.copies > 1 or self.chain.stateful:
            self.chain.close()
            self.chain = Chain(call, self.copies).open()
        if self.copies > 1 or self.chain.stateful or self.chain.width not in self.alone:
            self.base = Chain(call, self.copies, True, self.chain.width).open()
        self.raw = self.net = float("inf")

    def measure(self):
        whole = self.chain.seconds(self.budget)
        empty = self.base.seconds(self.budget / 4) if self.base else self.alone[self.chain.width]
        if self.copies == 1:
            self.alone[self.chain.width] = empty
        self.raw = min(self.raw, 1e6 * whole / self.copies)
        self.net = min(self.net, 1e6 * (whole - empty) / self.copies)
        return self.net

    def close(self):
        self.chain.close()
        if self.base:
            self.base.close()
