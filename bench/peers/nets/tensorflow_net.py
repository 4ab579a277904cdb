"""A net as a TensorFlow 1 graph: variables, fused batch norms, loops of tf.while_loop, and its checkpoint."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow.compat.v1 as tf

from layers import EPSILON, NETS

tf.disable_v2_behavior()


def variable(value, values):
    v = tf.get_variable(f"v{len(values)}", shape=value.shape, dtype=tf.float32, use_resource=False)
    values.append((v, value))
    return v


def activate(x, act):
    return {None: lambda y: y, "relu": tf.nn.relu, "relu6": tf.nn.relu6}[act](x)


def conv(x, layer, values):
    strides = [1, layer["stride"], layer["stride"], 1]
    product = tf.nn.depthwise_conv2d if layer["depthwise"] else tf.nn.conv2d
    x = product(x, variable(layer["w"], values), strides, "SAME")
    if layer["norm"]:
        gamma, beta, mean, variance = (variable(v, values) for v in layer["norm"])
        x = tf.nn.fused_batch_norm(x, gamma, beta, mean=mean, variance=variance, epsilon=EPSILON, is_training=False)[0]
    if layer["bias"] is not None:
        x = tf.nn.bias_add(x, variable(layer["bias"], values))
    return activate(x, layer["act"])


def loop(x, cell, states, size):
    """x [B, T, size] through cell(x_t, states) -> (y_t, states), step after step."""
    steps = int(x.shape[1])
    inputs = tf.TensorArray(tf.float32, steps).unstack(tf.transpose(x, [1, 0, 2]))

    def body(t, outputs, *states):
        y, states = cell(inputs.read(t), list(states))
        return [t + 1, outputs.write(t, y), *states]

    outputs = tf.while_loop(lambda t, *_: t < steps, body, [tf.constant(0), tf.TensorArray(tf.float32, steps), *states])[1]
    y = outputs.stack()
    y.set_shape([steps, None, size])
    return tf.transpose(y, [1, 0, 2])


def zeros(x, size):
    z = tf.zeros(tf.stack([tf.shape(x)[0], size]))
    z.set_shape([None, size])
    return z


def lstm(x, layer, values):
    size = layer["layers"][0][1].shape[0] // 4
    weights = [(variable(k, values), variable(b, values)) for k, b in layer["layers"]]

    def cell(x, states):
        after = []
        for (kernel, bias), c, h in zip(weights, states[::2], states[1::2]):
            i, j, f, o = tf.split(tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), kernel), bias), 4, axis=1)
            c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
            x = tf.tanh(c) * tf.sigmoid(o)
            after += [c, x]
        return x, after

    return loop(x, cell, [zeros(x, size)] * (2 * len(weights)), size)


def gru(x, layer, values):
    size = layer["candidate"][1].shape[0]
    (gate_kernel, gate_bias), (kernel, bias) = ([variable(v, values) for v in layer[part]] for part in ("gates", "candidate"))

    def cell(x, states):
        h = states[0]
        r, u = tf.split(tf.sigmoid(tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), gate_kernel), gate_bias)), 2, axis=1)
        c = tf.tanh(tf.nn.bias_add(tf.matmul(tf.concat([x, r * h], 1), kernel), bias))
        h = u * h + (1 - u) * c
        return h, [h]

    return loop(x, cell, [zeros(x, size)], size)


def apply(x, layers, values):
    for layer in layers:
        op = layer["op"]
        if op == "conv":
            x = conv(x, layer, values)
        elif op == "maxpool":
            x = tf.nn.max_pool(x, [1, layer["size"], layer["size"], 1], [1, layer["stride"], layer["stride"], 1], "SAME")
        elif op == "block":
            x = tf.nn.relu(apply(x, layer["main"], values) + apply(x, layer["shortcut"], values))
        elif op == "mean":
            x = tf.reduce_mean(x, [1, 2])
        elif op == "flatten":
            x = tf.reshape(x, [-1, int(x.shape[1] * x.shape[2] * x.shape[3])])
        elif op == "dense":
            x = activate(tf.matmul(x, variable(layer["w"], values)) + variable(layer["bias"], values), layer["act"])
        elif op == "embed":
            x = tf.gather(variable(layer["w"], values), x)
        elif op == "lstm":
            x = lstm(x, layer, values)
        elif op == "gru":
            x = gru(x, layer, values)
        elif op == "rows":
            x = tf.reshape(x, [-1, int(x.shape[2])])
        else:
            raise ValueError(op)
    return x


def build(net):
    """(graph, [(variable, value)]); the input is x:0, the output y:0."""
    make, shape, kind, _ = NETS[net]
    graph, values = tf.Graph(), []
    with graph.as_default():
        x = tf.placeholder(tf.int32 if kind == "words" else tf.float32, [None, *shape], "x")
        tf.identity(apply(x, make(), values), "y")
    return graph, values


def save(net, prefix):
    """PREFIX.meta and the checkpoint PREFIX."""
    graph, values = build(net)
    with graph.as_default(), tf.Session() as session:
        for v, value in values:
            v.load(value, session)
        tf.train.Saver().save(session, prefix)


def runner(prefix, threads):
    """run(x) -> y of a saved net."""
    graph = tf.Graph()
    with graph.as_default():
        saver = tf.train.import_meta_graph(prefix + ".meta", clear_devices=True)
        session = tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1))
        saver.restore(session, prefix)
        call = session.make_callable("y:0", feed_list=["x:0"])
    return call, tf.__version__
