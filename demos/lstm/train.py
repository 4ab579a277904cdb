"""Trains the character-level LSTM of `tarn demo lstm` and writes what the demo ships.

A TensorFlow 1 program (graph mode, ref variables, V1 control flow) on purpose: the graph it saves
holds the Enter, Switch, Merge, NextIteration, Exit and TensorArrayV3 nodes of tf.nn.dynamic_rnn.

    TF_USE_LEGACY_KERAS=1 python train.py --data TEXT.txt --out demos/lstm

The model: embedding [V, 64] -> 2 x BasicLSTMCell(192) -> softmax [192, V].  What is written under --out:

    checkpoint/lstm.{index,data-00000-of-00001,meta}   weights and inference graph, no optimiser slots
    vocabulary.txt      line i holds the character code of class i, in decimal
    recorded.json       perplexities of the saved checkpoint, as TensorFlow computes them

Tensors of the inference graph (B sequences, T characters, V classes):

    input:0 [B, T] int32                     state_c0:0 state_h0:0 state_c1:0 state_h1:0 [B, 192]
    logits:0 probabilities:0 [B, T, V]       new_c0:0   new_h0:0   new_c1:0   new_h1:0   [B, 192]

A state that is not fed is zero, so a sequence starts with no state and goes on by feeding new_* to state_*.
"""
import argparse
import json
import math
import os
import time

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # the V1 cells live in tf_keras
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
tf.disable_control_flow_v2()
tf.disable_resource_variables()

EMBEDDING, UNITS, LAYERS = 64, 192, 2


def model(vocabulary, keep=1.0):
    """Builds the graph; keep < 1 puts dropout on the input of every layer and of the softmax."""
    symbols = tf.placeholder(tf.int32, [None, None], name="input")
    zero = tf.zeros([tf.shape(symbols)[0], UNITS], name="zero_state")
    state = []
    for layer in range(LAYERS):
        c = tf.placeholder_with_default(zero, [None, UNITS], name="state_c%d" % layer)
        h = tf.placeholder_with_default(zero, [None, UNITS], name="state_h%d" % layer)
        state.append(tf.nn.rnn_cell.LSTMStateTuple(c, h))
    embedding = tf.get_variable("embedding", [vocabulary, EMBEDDING])
    inputs = tf.nn.embedding_lookup(embedding, symbols)
    cells = [tf.nn.rnn_cell.BasicLSTMCell(UNITS, forget_bias=1.0) for _ in range(LAYERS)]
    if keep < 1.0:
        cells = [tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=keep) for cell in cells]
    outputs, new = tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(cells), inputs,
                                     initial_state=tuple(state), parallel_iterations=1)
    weights = tf.get_variable("softmax/weights", [UNITS, vocabulary])
    biases = tf.get_variable("softmax/biases", [vocabulary], initializer=tf.zeros_initializer())
    flat = tf.nn.bias_add(tf.matmul(tf.reshape(outputs, [-1, UNITS]), weights), biases)
    shape = tf.shape(symbols)
    logits = tf.reshape(flat, [shape[0], shape[1], vocabulary], name="logits")
    tf.nn.softmax(logits, name="probabilities")
    for layer in range(LAYERS):
        tf.identity(new[layer].c, name="new_c%d" % layer)
        tf.identity(new[layer].h, name="new_h%d" % layer)
    return symbols, state, logits, new


def session():
    return tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=2,
                                            inter_op_parallelism_threads=1))


def perplexity(sess, classes, chunk=1000):
    """exp of the mean of -log p(next character), the first character given, the state carried
    from chunk to chunk.  The log-softmax is taken in float64 from TensorFlow's float32 logits."""
    feed, total, count = {}, 0.0, 0
    names = [part + str(layer) for layer in range(LAYERS) for part in "ch"]
    for begin in range(0, len(classes) - 1, chunk):
        x = classes[begin:begin + chunk][:len(classes) - 1 - begin]
        y = classes[begin + 1:begin + 1 + len(x)]
        feed["input:0"] = x[None, :]
        out = sess.run(["logits:0"] + ["new_%s:0" % n for n in names], feed)
        z = out[0][0].astype(np.float64)
        z -= z.max(axis=1, keepdims=True)
        total += float(np.sum(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))
        count += len(y)
        feed = {"state_%s:0" % n: value for n, value in zip(names, out[1:])}
    return {"characters": count, "nll_sum": total, "perplexity": math.exp(total / count)}


def train(args, classes, vocabulary, prefix):
    """Truncated back-propagation through args.time characters, the state carried along each of
    args.batch rows of the text; writes the weights to prefix after every epoch."""
    tf.set_random_seed(args.seed)
    symbols, state, logits, new = model(vocabulary, keep=args.keep)
    target = tf.placeholder(tf.int32, [None, None])
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=target, logits=logits))
    rate = tf.placeholder(tf.float32, [])
    variables = tf.trainable_variables()
    gradients, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), 5.0)
    step = tf.train.AdamOptimizer(rate).apply_gradients(zip(gradients, variables))
    saver = tf.train.Saver(variables)
    per_row = (len(classes) - 1) // args.batch
    x = classes[:args.batch * per_row].reshape(args.batch, per_row)
    y = classes[1:args.batch * per_row + 1].reshape(args.batch, per_row)
    per_epoch = per_row // args.time
    fetches = {"loss": loss, "step": step, "new": new}
    with session() as sess:
        sess.run(tf.global_variables_initializer())
        start = time.time()
        done, epoch = 0.0, 0
        while done < 1.0:
            carried, losses = None, []
            offset = (epoch * 17) % args.time  # windows do not start at the same places every epoch
            for i in range(per_epoch - 1):
                # The rate falls as a half cosine, over epochs or minutes, whichever ends first.
                done = max((epoch + i / per_epoch) / args.epochs,
                           (time.time() - start) / (60.0 * args.minutes))
                if done >= 1.0:
                    break
                at = offset + i * args.time
                feed = {symbols: x[:, at:at + args.time], target: y[:, at:at + args.time],
                        rate: args.rate * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))}
                if carried is not None:
                    for old, value in zip(state, carried):
                        feed[old.c], feed[old.h] = value.c, value.h
                out = sess.run(fetches, feed)
                carried = out["new"]
                losses.append(out["loss"])
                if i % 50 == 0:
                    print("epoch %d batch %d/%d loss %.4f, %.0f s" % (
                        epoch, i, per_epoch, np.mean(losses[-50:]), time.time() - start), flush=True)
            epoch += 1
            saver.save(sess, prefix, write_meta_graph=False, write_state=False)
    return {"epochs": round(epoch - 1 + (i + 1) / per_epoch, 2), "seconds": round(time.time() - start)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="the text to learn")
    parser.add_argument("--out", required=True, help="folder of the demo; holds page.txt")
    parser.add_argument("--epochs", type=float, default=14)
    parser.add_argument("--minutes", type=float, default=25, help="stop after this long at the latest")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--time", type=int, default=64)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--keep", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--evaluate-only", action="store_true",
                        help="do not train: write the inference graph and figures of the working checkpoint")
    args = parser.parse_args()

    with open(args.data, "rb") as f:
        text = f.read()
    codes = sorted(set(text))
    class_of = np.full(256, -1, np.int32)
    class_of[codes] = np.arange(len(codes))
    classes = class_of[np.frombuffer(text, np.uint8)]
    held = len(classes) - len(classes) // 20  # the last twentieth is never trained on
    with open(os.path.join(args.out, "page.txt"), "rb") as f:
        page = class_of[np.frombuffer(f.read(), np.uint8)]
    if page.min() < 0:
        raise SystemExit("page.txt has a character that the training text lacks")
    os.makedirs(os.path.join(args.out, "working"), exist_ok=True)
    os.makedirs(os.path.join(args.out, "checkpoint"), exist_ok=True)
    working = os.path.join(args.out, "working", "lstm")
    final = os.path.join(args.out, "checkpoint", "lstm")

    if not args.evaluate_only:
        with tf.Graph().as_default():
            report = train(args, classes[:held], len(codes), working)
        with open(working + ".json", "w") as f:
            json.dump(report, f)
    with open(working + ".json") as f:
        report = json.load(f)

    with tf.Graph().as_default(), session() as sess:
        model(len(codes))
        saver = tf.train.Saver(tf.global_variables())
        saver.restore(sess, working)
        saver.save(sess, final, write_state=False)
    with tf.Graph().as_default(), session() as sess:  # the figures are of the files just written
        tf.train.import_meta_graph(final + ".meta").restore(sess, final)
        ops = {n.op for n in sess.graph.as_graph_def().node}
        missing = {"Enter", "Exit", "Switch", "Merge", "NextIteration", "LoopCond",
                   "TensorArrayV3", "VariableV2"} - ops
        if missing:
            raise SystemExit("the saved graph lacks %s" % sorted(missing))
        recorded = {
            "tensorflow": tf.__version__,
            "page": perplexity(sess, page),
            "held_out_text": perplexity(sess, classes[held:]),
            "parameters": int(sum(np.prod(v.shape.as_list()) for v in tf.global_variables())),
            "training": report,
        }
    with open(os.path.join(args.out, "vocabulary.txt"), "w") as f:
        f.writelines("%d\n" % code for code in codes)
    with open(os.path.join(args.out, "recorded.json"), "w") as f:
        json.dump(recorded, f, indent=2)
        f.write("\n")
    print(json.dumps(recorded, indent=2))


if __name__ == "__main__":
    main()
