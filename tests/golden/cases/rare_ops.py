"""Ops of few graphs, each from its own corner: scripts of characters, orders by cipher, isotonic regression, functions
that take batches, lists in batches."""
import numpy as np

from golden_lib import R, each, family, tf, v1


@family("rare_ops")
def scripts(s):
    with s.case("scripts", exact=True) as c:
        c.fetch(R.UnicodeScript(input=c.feed(np.r_[c.ints(0, 0x30000, (400,)), c.ints(0, 0x110000, (60,)), [-1, 0, 0x10ffff, 0x110000]]
                                             .astype("int32"))))


@family("rare_ops")
def shuffled(s):
    for opened, dtype in each(s, "shuffle", ["int32", "int64"], exact=True):
        with opened as c:
            for top in (0, 1, 7, 65535, 65536, 10**6, 2**31 - 1 if dtype == "int32" else 2**40):
                seed = c.feed(c.ints(0, 2**31 - 1, (3,), c.pick("int32", "int64")))
                c.fetch(R.RandomIndexShuffle(index=c.feed(c.ints(0, top + 1, (5,), dtype)), seed=seed, max_index=np.array(top, dtype),
                                             rounds=c.pick(4, 6, 8)))
            c.fetch(R.RandomIndexShuffle(index=np.array(3, dtype), seed=c.feed(c.ints(0, 99, (4, 3))), max_index=np.array([9, 8, 7, 3], dtype)),
                    R.RandomIndexShuffle(index=np.array(3, dtype), seed=[1, 2, 3], max_index=np.array(4, dtype)))
    for name, index, seed, top in (("index", [1, 2], [1, 2, 3], [4, 5, 6]), ("rank", [[1]], [1, 2, 3], 4), ("seed", 1, [1, 2], 4),
                                   ("nothing", [], [1, 2, 3], 4)):
        with s.case("shuffle_refuses_" + name, error=True) as c:
            c.fetch(R.RandomIndexShuffle(index=c.feed(np.int32(index), shape=None), seed=c.feed(np.int32(seed), shape=None),
                                         max_index=c.feed(np.int32(top), shape=None)))


@family("rare_ops")
def isotonic(s):
    for opened, dtype in each(s, "isotonic", ["float32", "float64", "float16", "int8", "int16", "int32", "int64"]):
        with opened as c:
            to = {"int8": "float32", "int16": "float32", "int32": "float64", "int64": "float64"}.get(dtype, dtype)
            for shape in ([1], [17], [3, 9], [2, 3, 5], [0, 3]):
                c.fetch(*R.IsotonicRegression(input=c.input(shape, dtype, -9, 9), output_dtype=to))


@family("rare_ops")
def gradients(s):
    for opened, dtype in each(s, "quantized_gradient", ["float32", "float64"]):
        with opened as c:
            for shape, axis, ends in (([3, 5], -1, []), ([2, 3, 4], 1, [3]), ([4], 0, [4])):
                c.fetch(*R.QuantizeAndDequantizeV4Grad(gradients=c.input(shape, dtype), input=c.input(shape, dtype), axis=axis,
                                                       input_min=c.input(ends, dtype, -2, -1), input_max=c.input(ends, dtype, 0, 1)))


@family("rare_ops")
def batches(s):
    @tf.function(autograph=False)
    def rows(x, numbers, w):
        return v1.matmul(x, w), v1.cast(numbers, tf.float32)[:, None] * x, v1.as_string(numbers)

    def build(c, count, most, sizes, split):
        x, numbers, w = c.input([count, 3]), c.feed(c.ints(0, 9, (count,))), c.input([3, 2])
        function = rows.get_concrete_function(*(tf.TensorSpec(shape, t.dtype) for shape, t in (([None, 3], x), ([None], numbers), ([3, 2], w))))
        function.add_to_graph(v1.get_default_graph())
        c.fetch(*R.BatchFunction(in_tensors=[x, numbers], captured_tensors=[w], f=function, num_batch_threads=1, max_batch_size=most,
                                 batch_timeout_micros=0, allowed_batch_sizes=sizes, enable_large_batch_splitting=split,
                                 Tout=[tf.float32, tf.float32, tf.string]))
    for name, most, sizes, split in (("any", 8, [], False), ("filled", 8, [2, 4, 8], False), ("split", 8, [2, 4], True)):
        for count in (1, 3, 7):
            with s.case(f"batch_{name}_{count}") as c:
                build(c, count, most, sizes, split)
    for name, most, sizes, split in (("rows", 4, [], False), ("last", 8, [2, 4], False), ("order", 8, [8, 4], True)):
        with s.case("batch_refuses_" + name, error=True) as c:
            build(c, 5, most, sizes, split)


@family("rare_ops")
def lists(s):
    with s.case("push_batch", exact=True) as c:
        x = c.input([3, 2, 2])
        empty = [R.EmptyTensorList(element_shape=[2, 2] if i else [-1, 2], max_num_elements=-1, element_dtype=tf.float32) for i in range(3)]
        before = v1.stack([empty[0], R.TensorListPushBack(input_handle=empty[1], tensor=v1.ones([2, 2])), empty[2]])
        after = R.TensorListPushBackBatch(input_handles=R.TensorListPushBackBatch(input_handles=before, tensor=x), tensor=x * 2)
        c.fetch(*[R.TensorListStack(input_handle=after[i], element_shape=[2, 2], element_dtype=tf.float32) for i in range(3)],
                R.TensorListLength(input_handle=before[1]))
    for name, rows, shape in (("count", 2, [2, 2]), ("shape", 3, [5, 5])):
        with s.case("push_batch_refuses_" + name, error=True) as c:
            empty = [R.EmptyTensorList(element_shape=[2, 2], max_num_elements=-1, element_dtype=tf.float32) for _ in range(3)]
            handles = v1.placeholder_with_default(v1.stack(empty), None)
            out = R.TensorListPushBackBatch(input_handles=handles, tensor=v1.placeholder_with_default(v1.ones([rows] + shape), None))
            c.fetch(R.TensorListLength(input_handle=out[0]))
    with s.case("device_index", exact=True) as c:
        c.fetch(*[R.DeviceIndex(device_names=names) for names in (["CPU", "GPU"], ["GPU", "CPU"], ["GPU"], ["cpu"])])
