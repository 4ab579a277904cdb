"""Ragged tensors in variants: through map_fn, batches of datasets and gradients; and rows that are filled."""
import numpy as np

from golden_lib import R, family, tf, v1


def nested(c, levels, inner, rows=4, dtype="float32"):
    """A ragged tensor of feeds."""
    cuts = []
    for _ in range(levels):
        cut = np.concatenate([[0], np.cumsum(c.rng.integers(0, 3, rows, endpoint=True))])
        cuts.append(c.feed(cut.astype("int64"), shape=[None]))
        rows = int(cut[-1])
    values = c.array([max(rows, 1)] + inner, dtype)[:rows] if dtype == "string" else c.array([rows] + inner, dtype)
    return tf.RaggedTensor.from_nested_row_splits(c.feed(values, shape=[None] + inner), cuts, validate=False)


def parts(ragged):
    return list(ragged.nested_row_splits) + [ragged.flat_values]


@family("ragged_variant")
def mapped(s):
    for levels in (1, 2, 3):
        for inner in ([], [2]):
            with s.case(f"map_{levels}_{len(inner)}") as c:
                ragged = nested(c, levels, inner)
                spec = tf.RaggedTensorSpec([None] * levels + inner, tf.float32, levels - 1)
                doubled = tf.map_fn(lambda x: x * 2, ragged, fn_output_signature=spec)
                sums = tf.map_fn(lambda x: v1.reduce_sum(x if levels == 1 else x.flat_values), ragged,
                                 fn_output_signature=tf.float32)
                c.fetch(*parts(doubled), sums, v1.gradients(doubled.flat_values ** 2, ragged.flat_values)[0],
                        v1.gradients(sums ** 2, ragged.flat_values)[0])
    with s.case("map_strings", exact=True) as c:
        ragged = nested(c, 1, [], rows=3, dtype="string")
        twice = tf.map_fn(lambda x: v1.strings.join([x, x]), ragged, fn_output_signature=tf.RaggedTensorSpec([None], tf.string, 0))
        c.fetch(*parts(twice))


@family("ragged_variant")
def encoded(s):
    for levels in (1, 2, 3):
        with s.case(f"whole_{levels}", exact=True) as c:
            ragged = nested(c, levels, [2])
            c.fetch(*parts(tf.RaggedTensor._from_variant(ragged._to_variant(), tf.float32, levels, input_ragged_rank=levels)))
        with s.case(f"grid_{levels}", exact=True) as c:
            grid = v1.reshape(nested(c, levels, [])._to_variant(batched_input=True), [2, 1, 2])
            c.fetch(*parts(tf.RaggedTensor._from_variant(grid, tf.float32, levels + 2, input_ragged_rank=levels - 1)))
    for name, inner, outer, dtype in (("inner_rank", 0, 1, tf.float32), ("outer_rank", 1, 3, tf.float32), ("dtype", 1, 2, tf.int32)):
        with s.case("refuses_" + name, error=True) as c:
            rows = nested(c, 2, [])._to_variant(batched_input=True)
            c.fetch(R.RaggedTensorFromVariant(encoded_ragged=v1.placeholder_with_default(rows, None), input_ragged_rank=inner,
                                              output_ragged_rank=outer, Tvalues=dtype)[-1])
    with s.case("batched", exact=True) as c:
        counts = v1.data.Dataset.range(5).map(lambda i: tf.ragged.range(v1.stack([i, 2]))).batch(2)
        batch = v1.data.make_one_shot_iterator(counts).get_next()
        c.step(parts(batch), times=3)


@family("ragged_variant")
def filled(s):
    for name, ids, rows in (("gaps", [3, 0, 3], 5), ("unordered", [3, 0, 3, 1, 2], 4), ("full", [0, 1, 1], 2), ("empty", [], 3), ("none", [], 0)):
        with s.case("fill_" + name, exact=True) as c:
            out = R.RaggedFillEmptyRows(value_rowids=c.feed(np.int64(ids)), values=c.input([len(ids)]), nrows=c.feed(np.int64(rows)),
                                        default_value=c.input([]))
            c.fetch(*out[:2] if rows == 0 else out)
            if rows:
                c.fetch(*R.RaggedFillEmptyRowsGrad(reverse_index_map=out.reverse_index_map, grad_values=out.output_values))
    for name, ids, rows in (("row", [0, 4], 4), ("negative", [0, -1], 4), ("nothing", [0], 0)):
        with s.case("fill_refuses_" + name, error=True) as c:
            c.fetch(R.RaggedFillEmptyRows(value_rowids=c.feed(np.int64(ids)), values=c.input([len(ids)]), nrows=c.feed(np.int64(rows)),
                                          default_value=c.input([]))[0])
