"""Recurrent layers in the forms that TensorFlow's front ends write them, and near misses."""
import os
import warnings

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np

from golden_lib import control_flow, family, tf, v1

warnings.filterwarnings("ignore")
CELL = v1.nn.rnn_cell
KERAS = tf.keras.layers


def save(c, scale=0.7):
    """Every variable random, biases too."""
    ops = [v1.assign(v, c.array(v.shape.as_list(), low=-scale, high=scale)) for v in v1.global_variables()]
    c.checkpoint(run=[tf.group(*ops)])


def loop(c, cell, batch=3, time=5, width=4, lengths=None, major=True, start=False, version=1, **more):
    """dynamic_rnn of a cell that is made where its variables belong; fetches outputs and states."""
    x = c.input([time, batch, width] if major else [batch, time, width])
    with control_flow(version):
        cell = cell()
        state = None
        if start:
            state = tf.nest.map_structure(lambda n: c.input([batch, n], low=-1, high=1), cell.state_size)
        if lengths is not None:
            lengths = c.feed(np.array(lengths, "int32"))
        out, last = v1.nn.dynamic_rnn(cell, x, sequence_length=lengths, initial_state=state, time_major=major,
                                      dtype=tf.float32, **more)
        c.fetch(out, tf.nest.flatten(last))
    save(c)


CELLS = {
    "basic_lstm": lambda: CELL.BasicLSTMCell(6),
    "basic_lstm_forget": lambda: CELL.BasicLSTMCell(5, forget_bias=0.25),
    "basic_lstm_relu": lambda: CELL.BasicLSTMCell(5, activation=tf.nn.relu),
    "lstm_peepholes": lambda: CELL.LSTMCell(5, use_peepholes=True),
    "lstm_cell_clip": lambda: CELL.LSTMCell(5, cell_clip=0.3),
    "lstm_projection": lambda: CELL.LSTMCell(6, num_proj=3),
    "lstm_all": lambda: CELL.LSTMCell(6, use_peepholes=True, cell_clip=0.4, num_proj=3, proj_clip=0.2,
                                      forget_bias=0.5),
    "gru": lambda: CELL.GRUCell(6),
    "stack": lambda: CELL.MultiRNNCell([CELL.BasicLSTMCell(6), CELL.GRUCell(5), CELL.LSTMCell(4)]),
    "residual": lambda: CELL.MultiRNNCell([CELL.ResidualWrapper(CELL.GRUCell(4)),
                                           CELL.ResidualWrapper(CELL.BasicLSTMCell(4))]),
    "dropout_of_nothing": lambda: CELL.DropoutWrapper(CELL.BasicLSTMCell(4), input_keep_prob=1.0, output_keep_prob=1.0),
}


@family("recurrent")
def dynamic(s):
    for name, cell in CELLS.items():
        for version in (1, 2) if name in ("basic_lstm", "lstm_all", "gru", "stack", "residual") else (1,):
            with s.case(f"{name}_v{version}") as c:
                loop(c, cell, version=version, major=version == 1, start=version == 2)
            with s.case(f"{name}_lengths_v{version}") as c:
                loop(c, cell, version=version, major=version == 2, lengths=[3, 0, 4], start=version == 1)
    with s.case("lengths_all_zero") as c:
        loop(c, CELLS["basic_lstm"], lengths=[0, 0, 0], start=True)
    with s.case("lengths_full") as c:
        loop(c, CELLS["gru"], lengths=[5, 2, 5])
    with s.case("one_step") as c:
        loop(c, CELLS["basic_lstm"], batch=1, time=1)
    with s.case("one_row") as c:
        loop(c, CELLS["gru"], batch=1, time=9, width=1)
    with s.case("unknown_sizes") as c:
        x = c.feed(c.array([2, 7, 3]), shape=[None, None, 3])
        lengths = c.feed(np.array([7, 4], "int32"), shape=[None])
        out, last = v1.nn.dynamic_rnn(CELLS["stack"](), x, sequence_length=lengths, dtype=tf.float32)
        c.fetch(out, tf.nest.flatten(last))
        save(c)
        c.step(c.default_fetches, feeds=dict(c.default_feeds))
        c.step(c.default_fetches, feeds={"in0:0": c.array([4, 2, 3]), "in1:0": np.array([1, 0, 2, 1], "int32")})


@family("recurrent")
def both_ways(s):
    for version in (1, 2):
        for lengths in (None, [4, 1, 0]):
            with s.case(f"bidirectional_{'all' if lengths is None else 'lengths'}_v{version}") as c:
                x = c.input([3, 5, 4])
                with control_flow(version):
                    outs, states = v1.nn.bidirectional_dynamic_rnn(
                        CELL.GRUCell(4), CELL.BasicLSTMCell(5), x, dtype=tf.float32,
                        sequence_length=None if lengths is None else c.feed(np.array(lengths, "int32")))
                    c.fetch(outs, tf.nest.flatten(states))
                save(c)


@family("recurrent")
def static(s):
    for name in ("basic_lstm", "lstm_all", "gru", "stack"):
        with s.case("static_" + name) as c:
            x = c.input([3, 5, 4])
            outs, state = v1.nn.static_rnn(CELLS[name](), tf.unstack(x, axis=1), dtype=tf.float32)
            c.fetch(tf.stack(outs), tf.nest.flatten(state))
            save(c)
    with s.case("static_each_output") as c:
        x = c.input([5, 3, 4])
        outs, state = v1.nn.static_rnn(CELLS["basic_lstm"](), tf.unstack(x), dtype=tf.float32)
        c.fetch(outs, tf.nest.flatten(state))
        save(c)
    with s.case("static_split") as c:
        x = c.input([2, 4, 3])
        parts = [tf.squeeze(p, [1]) for p in tf.split(x, 4, axis=1)]
        outs, state = v1.nn.static_rnn(CELLS["gru"](), parts, dtype=tf.float32)
        c.fetch(outs[-1], state)
        save(c)
    with s.case("static_lengths") as c:
        x = c.input([3, 5, 4])
        outs, state = v1.nn.static_rnn(CELLS["gru"](), tf.unstack(x, axis=1), dtype=tf.float32,
                                       sequence_length=c.feed(np.array([2, 0, 5], "int32")))
        c.fetch(outs, state)
        save(c)
    with s.case("static_bidirectional") as c:
        x = c.input([3, 4, 2])
        outs, fw, bw = v1.nn.static_bidirectional_rnn(CELLS["basic_lstm"](), CELLS["gru"](), tf.unstack(x, axis=1),
                                                      dtype=tf.float32)
        c.fetch(outs, tf.nest.flatten(fw), tf.nest.flatten(bw))
        save(c)


LAYERS = {
    "lstm": lambda **k: KERAS.LSTM(5, **k),
    "lstm_hard": lambda **k: KERAS.LSTM(5, recurrent_activation="hard_sigmoid", **k),
    "lstm_no_bias": lambda **k: KERAS.LSTM(5, use_bias=False, unit_forget_bias=False, **k),
    "lstm_gates_apart": lambda **k: KERAS.RNN(KERAS.LSTMCell(5, implementation=1), **k),
    "gru": lambda **k: KERAS.GRU(5, **k),
    "gru_gates_apart": lambda **k: KERAS.RNN(KERAS.GRUCell(5, implementation=1), **k),
    "gru_reset_before": lambda **k: KERAS.GRU(5, reset_after=False, **k),
}


@family("recurrent")
def keras(s):
    for name, layer in LAYERS.items():
        for version in (1, 2) if name in ("lstm", "gru") else (1,):
            with s.case(f"keras_{name}_sequences_v{version}") as c, control_flow(version):
                c.fetch(layer(return_sequences=True)(c.input([3, 5, 4])))
                save(c)
    for name in ("lstm", "gru"):
        with s.case(f"keras_{name}_last") as c, control_flow(2):
            c.fetch(LAYERS[name]()(c.input([3, 5, 4])))
            save(c)
        with s.case(f"keras_{name}_backwards") as c, control_flow(2):
            c.fetch(LAYERS[name](return_sequences=True, go_backwards=True)(c.input([3, 5, 4])))
            save(c)
        for version in (1, 2):
            with s.case(f"keras_{name}_mask_v{version}") as c, control_flow(version):
                x = c.input([3, 5, 4])
                mask = c.feed(np.array([[1, 1, 1, 0, 0], [1, 0, 1, 1, 0], [0, 0, 0, 0, 0]], bool))
                c.fetch(LAYERS[name](return_sequences=True, return_state=True)(x, mask=mask))
                save(c)
    with s.case("keras_stack") as c, control_flow(2):
        x = c.feed(c.ints(0, 9, [3, 6]))
        y = KERAS.Embedding(9, 4)(x)
        y = KERAS.Bidirectional(KERAS.LSTM(4, return_sequences=True))(y)
        c.fetch(KERAS.Dense(3)(KERAS.GRU(5)(y)))
        save(c)


def by_hand(c, cell, states, width=4, units=4, time=5, batch=2):
    """A while_loop over an unstacked array around cell(x, *states) -> (y, *states)."""
    x = c.input([time, batch, width])
    xs = tf.TensorArray(tf.float32, time).unstack(x)
    first = [c.input([batch, units], low=-1, high=1) for _ in range(states)]

    def body(t, ys, *state):
        y, *state = cell(xs.read(t), *state)
        return [t + 1, ys.write(t, y)] + state
    out = v1.while_loop(lambda t, *_: t < time, body, [0, tf.TensorArray(tf.float32, time)] + first)
    c.fetch(out[1].stack(), out[2:])
    save(c)


def weights(c, rows, columns):
    return (v1.get_variable("w", [rows, columns]), v1.get_variable("b", [columns]))


@family("recurrent")
def near_misses(s):
    """Almost an LSTM or a GRU: each must give what it says, not what the layer would."""
    def lstm(c, forget=tf.sigmoid, leave=tf.tanh, extra=None, swap=False):
        w, b = weights(c, 8, 16)

        def step(x, m, h):
            i, j, f, o = tf.split(tf.matmul(tf.concat([h, x] if swap else [x, h], 1), w) + b, 4, axis=1)
            new = tf.add(forget(f + 1.0) * m, tf.tanh(j) * tf.sigmoid(i))
            y = leave(new) * tf.sigmoid(o)
            return extra(y, new, m, h, x, o) if extra else (y, new, y)
        return step
    cases = {
        "plain": {},
        "state_before_input": {"swap": True},
        "forget_tanh": {"forget": tf.tanh},
        "leave_sigmoid": {"leave": tf.sigmoid},
        "state_used_elsewhere": {"extra": lambda y, new, m, h, x, o: (y + h, new, y)},
        "cell_is_output": {"extra": lambda y, new, m, h, x, o: (new, new, y)},
        "gate_is_output": {"extra": lambda y, new, m, h, x, o: (tf.sigmoid(o), new, y)},
        "output_goes_back_doubled": {"extra": lambda y, new, m, h, x, o: (y, new, y * 2.0)},
        "states_swapped": {"extra": lambda y, new, m, h, x, o: (y, y, new)},
        "old_cell_kept": {"extra": lambda y, new, m, h, x, o: (y, m, y)},
        "output_of_input": {"extra": lambda y, new, m, h, x, o: (y * x, new, y)},
    }
    for name, options in cases.items():
        with s.case("lstm_" + name) as c:
            by_hand(c, lstm(c, **options), 2)

    def gru(c, keep=lambda u: 1.0 - u, reset=lambda r, h: r * h):
        w, b = weights(c, 8, 8)
        v = v1.get_variable("v", [8, 4])

        def step(x, h):
            r, u = tf.split(tf.sigmoid(tf.matmul(tf.concat([x, h], 1), w) + b), 2, axis=1)
            new = tf.tanh(tf.matmul(tf.concat([x, reset(r, h)], 1), v))
            h = h * u + keep(u) * new
            return h, h
        return step
    for name, options in {"plain": {}, "keep_two": {"keep": lambda u: 2.0 - u},
                          "reset_added": {"reset": lambda r, h: r + h}}.items():
        with s.case("gru_hand_" + name) as c:
            by_hand(c, gru(c, **options), 1)

    with s.case("raw_rnn") as c:
        cell = CELL.LSTMCell(4)
        start = c.input([2, 4])

        def feed_back(step, output, state, _):
            done = tf.fill([2], step >= 5)
            if output is None:
                return done, start, cell.zero_state(2, tf.float32), None, None
            return done, output * 0.5, state, output, None
        array, state, _ = v1.nn.raw_rnn(cell, feed_back)
        c.fetch(array.stack(), tf.nest.flatten(state))
        save(c)
    with s.case("stops_early") as c:
        x, limit = c.input([6, 2, 4]), c.feed(np.array(4, "int32"))
        xs = tf.TensorArray(tf.float32, 6).unstack(x)
        step = lstm(c)
        out = v1.while_loop(lambda t, *_: t < limit,
                            lambda t, m, h: [t + 1, *step(xs.read(t), m, h)[1:]], [0, c.input([2, 4]), c.input([2, 4])])
        c.fetch(*out)
        save(c)
    with s.case("starts_late") as c:
        xs = tf.TensorArray(tf.float32, 6).unstack(c.input([6, 2, 4]))
        step = gru(c)
        out = v1.while_loop(lambda t, *_: t < 6, lambda t, h: [t + 1, step(xs.read(t), h)[1]], [2, c.input([2, 4])])
        c.fetch(*out)
        save(c)
    with s.case("every_second") as c:
        xs = tf.TensorArray(tf.float32, 6).unstack(c.input([6, 2, 4]))
        step = gru(c)
        out = v1.while_loop(lambda t, *_: t < 6, lambda t, h: [t + 2, step(xs.read(t), h)[1]], [0, c.input([2, 4])])
        c.fetch(*out)
        save(c)
    with s.case("ends_by_value") as c:
        xs = tf.TensorArray(tf.float32, 6).unstack(c.input([6, 2, 4]))
        step = gru(c)
        out = v1.while_loop(lambda t, h: tf.logical_and(t < 6, tf.reduce_sum(tf.abs(h)) < 6.0),
                            lambda t, h: [t + 1, step(xs.read(t), h)[1]], [0, c.input([2, 4])])
        c.fetch(*out)
        save(c)
    with s.case("gradients") as c:
        x = c.input([3, 4, 2])
        out, _ = v1.nn.dynamic_rnn(CELL.BasicLSTMCell(3), x, dtype=tf.float32)
        c.fetch(out, v1.gradients(tf.reduce_sum(tf.square(out)), v1.trainable_variables() + [x]))
        c.rtol, c.atol = 1e-4, 1e-5
        save(c)
