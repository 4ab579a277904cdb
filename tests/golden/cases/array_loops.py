"""Loops that fill arrays and lists from the elements of others and from what they carry: what can be computed before the
loop is, the rest must not."""
import numpy as np

from golden_lib import control_flow, family, tf, v1


def filled(x, rows, start, item, carry):
    """stack of item(x[t], state), state = carry(x[t], state), in a loop over a TensorArray."""
    def body(t, array, state):
        element = v1.gather(x, t)
        return t + 1, array.write(t, item(element, state)), carry(element, state)
    array = v1.TensorArray(tf.float32, size=rows, element_shape=start.shape)
    _, array, last = v1.while_loop(lambda t, *_: t < rows, body, [0, array, start])
    return array.stack(), last


FORMS = {
    "element_first": (lambda e, s: e * s + 0.5, lambda e, s: tf.tanh(e)),
    "state_first": (lambda e, s: s - e, lambda e, s: tf.sigmoid(e) * 2.0),
    "state_deep": (lambda e, s: tf.maximum(tf.tanh(e) * 0.5, e + (s - 0.1)), lambda e, s: s * 0.5 + e),
    "elements_only": (lambda e, s: tf.tanh(e) * e - 0.25, lambda e, s: s + e),
    "joined": (lambda e, s: tf.concat([e, s], 0)[1:4], lambda e, s: tf.nn.relu(e)),
    "late": (lambda e, s: s, lambda e, s: e),
}


@family("array_loops")
def forms(s):
    for name, (item, carry) in FORMS.items():
        for version in (1, 2):
            with s.case(f"{name}_v{version}") as c:
                x = c.input([5, 3])
                with control_flow(version):
                    c.fetch(*filled(x, 5, c.input([3]), item, carry))
            with s.case(f"{name}_gradient_v{version}") as c:
                x, start = c.input([4, 3]), c.input([3])
                with control_flow(version):
                    rows, last = filled(x, 4, start, item, carry)
                    c.fetch(rows, *[g for g in v1.gradients([rows * rows, last], [x, start]) if g is not None])


@family("array_loops")
def means(s):
    for version in (1, 2):
        with s.case(f"rows_and_means_v{version}") as c:
            x, y = c.input([4, 3]), c.input([4, 3])
            with control_flow(version):
                c.fetch(*filled(x, 4, v1.ones([3]), lambda e, s: e * s + v1.reduce_mean(y, 0), lambda e, s: tf.tanh(e)))
