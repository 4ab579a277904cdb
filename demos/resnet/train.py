"""Trains the ResNet-20 of `tarn demo resnet` and writes what the demo ships.

A TensorFlow 1 program (graph mode, ref variables) on purpose; the graph it saves is what tf.train.Saver
of TensorFlow 1 wrote: VariableV2, Conv2D, FusedBatchNormV3, AddV2, Relu, Mean, MatMul.

    python train.py --images IMAGES-idx3-ubyte[.gz] --labels LABELS-idx1-ubyte[.gz] --out demos/resnet

The model is the ResNet-20 of He et al. 2015, section 4.2, for 28x28x1 images: conv 3x3, then three stages of
three blocks with 16, 32, 64 channels at 28x28, 14x14, 7x7, mean over space, softmax over 10 classes.  Where
a stage changes the shape, the shortcut is a 1x1 convolution with batch norm.

Trained on the first 8,000 images of the files, distorted afresh every time one is used; the last 2,000
are held out.  No digit drawn by the demo is trained on, so the demo's own accuracy is a test.  Written under --out:

    checkpoint/resnet.{index,data-00000-of-00001,meta}   weights and inference graph, no optimiser slots
    recorded.json       how many held-out images TensorFlow reads right with the saved checkpoint

Tensors of the inference graph: input:0 [N, 28, 28, 1] float32, 0 (paper) to 1 (ink);
logits:0 and probabilities:0 [N, 10]; classes:0 [N] int64.
"""
import argparse
import gzip
import json
import math
import os
import time
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
tf.disable_resource_variables()

SIDE, TRAINED = 28, 8000


def read_idx(path):
    """The array of an idx file of bytes, gzipped or not."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        data = f.read()
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise SystemExit("%s: not an idx file of bytes" % path)
    dims = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, int(np.prod(dims)), 4 + 4 * data[3]).reshape(dims)


# ---- the model

def conv(x, name, channels, size, stride):
    w = tf.get_variable(name + "/weights", [size, size, int(x.shape[-1]), channels],
                        initializer=tf.variance_scaling_initializer(2.0, "fan_out"))
    return tf.nn.conv2d(x, w, [1, stride, stride, 1], "SAME", name=name)


def batch_norm(x, name, training):
    """Batch norm over N, H, W.  When training, the moving statistics follow those of the batches."""
    shape = [int(x.shape[-1])]
    zeros, ones = tf.zeros_initializer(), tf.ones_initializer()
    gamma = tf.get_variable(name + "/gamma", shape, initializer=ones)
    beta = tf.get_variable(name + "/beta", shape, initializer=zeros)
    mean = tf.get_variable(name + "/moving_mean", shape, initializer=zeros, trainable=False)
    variance = tf.get_variable(name + "/moving_variance", shape, initializer=ones, trainable=False)
    if not training:
        return tf.nn.fused_batch_norm(x, gamma, beta, mean, variance, epsilon=1e-3,
                                      is_training=False, name=name)[0]
    y, batch_mean, batch_variance = tf.nn.fused_batch_norm(x, gamma, beta, epsilon=1e-3)
    for moving, now in ((mean, batch_mean), (variance, batch_variance)):
        tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign_sub(moving, 0.03 * (moving - now)))
    return y


def block(x, name, channels, stride, training):
    """relu(x + bn(conv(relu(bn(conv(x))))))"""
    y = conv(x, name + "/conv1", channels, 3, stride)
    y = tf.nn.relu(batch_norm(y, name + "/bn1", training), name=name + "/relu1")
    y = conv(y, name + "/conv2", channels, 3, 1)
    y = batch_norm(y, name + "/bn2", training)
    if int(x.shape[-1]) != channels:
        x = batch_norm(conv(x, name + "/shortcut", channels, 1, stride), name + "/bn_shortcut", training)
    return tf.nn.relu(tf.add(x, y, name=name + "/add"), name=name + "/relu2")


def model(training):
    images = tf.placeholder(tf.float32, [None, SIDE, SIDE, 1], name="input")
    x = tf.nn.relu(batch_norm(conv(images, "conv0", 16, 3, 1), "bn0", training), name="relu0")
    for stage, channels in enumerate((16, 32, 64), 1):
        for unit in range(1, 4):
            x = block(x, "stage%d/block%d" % (stage, unit), channels,
                      2 if stage > 1 and unit == 1 else 1, training)
    x = tf.reduce_mean(x, [1, 2], name="mean")
    weights = tf.get_variable("softmax/weights", [64, 10],
                              initializer=tf.variance_scaling_initializer(1.0))
    biases = tf.get_variable("softmax/biases", [10], initializer=tf.zeros_initializer())
    logits = tf.nn.bias_add(tf.matmul(x, weights, name="matmul"), biases, name="logits")
    tf.nn.softmax(logits, name="probabilities")
    tf.argmax(logits, 1, name="classes")
    return images, logits


# ---- the distortions

def smooth(field, rounds):
    """Blurs [N, H, W] by a 1 2 1 filter along H and W, `rounds` times, edges repeated."""
    for _ in range(rounds):
        for axis in (1, 2):
            pad = [(0, 0)] * 3
            pad[axis] = (1, 1)
            p = np.pad(field, pad, mode="edge")
            n = field.shape[axis]
            a, b, c = (np.take(p, range(k, k + n), axis) for k in range(3))
            field = (a + 2 * b + c) / 4
    return field


def warp(x, rng):
    """Each image of x [N, 28, 28] turned, slanted, scaled, shifted and bent at random (bilinear)."""
    n = len(x)
    uniform = lambda low, high: rng.uniform(low, high, n).astype(np.float32)[:, None, None]
    angle, slant = uniform(-0.26, 0.26), uniform(-0.35, 0.35)
    wide, high = uniform(0.78, 1.22), uniform(0.8, 1.2)
    right, down = uniform(-2.5, 2.5), uniform(-2.5, 2.5)
    v, u = np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32), indexing="ij")
    middle = (SIDE - 1) / 2
    u, v = u[None] - middle - right, v[None] - middle - down
    u, v = u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)
    u, v = u / wide + slant * v, v / high
    bend = smooth(rng.standard_normal((2 * n, SIDE, SIDE)).astype(np.float32), 10)
    bend *= (rng.uniform(0.0, 1.6, 2 * n) / 0.2)[:, None, None].astype(np.float32)
    u, v = u + bend[:n] + middle, v + bend[n:] + middle
    p = np.pad(x, ((0, 0), (1, 2), (1, 2)))
    u, v = np.clip(u + 1, 0, SIDE + 0.999), np.clip(v + 1, 0, SIDE + 0.999)
    i, j = v.astype(np.int64), u.astype(np.int64)
    fv, fu = v - i, u - j
    k = np.arange(n)[:, None, None]
    return ((1 - fv) * ((1 - fu) * p[k, i, j] + fu * p[k, i, j + 1]) +
            fv * ((1 - fu) * p[k, i + 1, j] + fu * p[k, i + 1, j + 1]))


def thicken(x, rng):
    """Strokes made thicker or thinner at random: a mix with the maximum or minimum over a cross."""
    p = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    cross = np.stack([p[:, 1:-1, 1:-1], p[:, :-2, 1:-1], p[:, 2:, 1:-1], p[:, 1:-1, :-2], p[:, 1:-1, 2:]])
    mix = rng.uniform(-0.7, 1.0, len(x)).astype(np.float32)[:, None, None]
    other = np.where(mix > 0, cross.max(0), cross.min(0))
    return x + np.abs(mix) * (other - x)


def pen(x, begin, end, radius):
    """x [28, 28] with a line of a round pen from begin to end, each (row, column)."""
    row, col = np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij")
    dy, dx = end[0] - begin[0], end[1] - begin[1]
    t = np.clip(((row - begin[0]) * dy + (col - begin[1]) * dx) / max(dy * dy + dx * dx, 1e-6), 0, 1)
    distance = np.hypot(row - begin[0] - t * dy, col - begin[1] - t * dx)
    return np.maximum(x, np.clip(radius + 0.5 - distance, 0, 1))


def dress(x, rng):
    """A 1 with the flag, and perhaps the foot, that much of the world writes and these files lack."""
    rows = np.nonzero(x.max(axis=1) > 0.5)[0]
    if len(rows) < 8:
        return x
    top, bottom = rows[0], rows[-1]
    height, radius = bottom - top, rng.uniform(0.7, 1.5)
    begin = (top + 1, int(x[top + 1].argmax()))
    length, angle = height * rng.uniform(0.15, 0.42), math.radians(rng.uniform(25, 70))
    x = pen(x, begin, (begin[0] + length * math.sin(angle), begin[1] - length * math.cos(angle)), radius)
    if rng.uniform() < 0.3:
        middle, half = int(x[bottom - 1].argmax()), height * rng.uniform(0.15, 0.35)
        x = pen(x, (bottom - 1, middle - half), (bottom - 1, middle + half), radius)
    return x


def distort(x, labels, rng):
    """[N, 28, 28] 0..1 -> [N, 28, 28, 1] 0..1; a third of the ones are dressed first."""
    x = np.stack([dress(image, rng) if label == 1 and rng.uniform() < 0.33 else image
                  for image, label in zip(x, labels)]).astype(np.float32)
    x = thicken(warp(x, rng), rng)
    gain = rng.uniform(0.8, 1.6, len(x)).astype(np.float32)[:, None, None]
    return np.clip(x * gain, 0, 1)[..., None].astype(np.float32)


# ---- training and the figures

def session():
    return tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=2,
                                            inter_op_parallelism_threads=1))


def train(args, images, labels, prefix):
    tf.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    x, logits = model(training=True)
    y = tf.placeholder(tf.int32, [None])
    rate = tf.placeholder(tf.float32, [])
    cross_entropy = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    decay = 2e-4 * tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables() if "weights" in v.name])
    hits = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1, output_type=tf.int32), y), tf.float32))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        step = tf.train.MomentumOptimizer(rate, 0.9, use_nesterov=True).minimize(cross_entropy + decay)
    saver = tf.train.Saver([v for v in tf.global_variables() if "Momentum" not in v.name])
    per_epoch = len(images) // args.batch
    with session() as sess:
        sess.run(tf.global_variables_initializer())
        start, done, epoch = time.time(), 0.0, 0
        while done < 1.0:
            order, losses, right = rng.permutation(len(images)), [], []
            for i in range(per_epoch):
                # The rate falls as a half cosine, over epochs or minutes, whichever ends first.
                done = max((epoch + i / per_epoch) / args.epochs,
                           (time.time() - start) / (60.0 * args.minutes))
                if done >= 1.0:
                    break
                batch = order[i * args.batch:(i + 1) * args.batch]
                warm = min(1.0, (epoch * per_epoch + i + 1) / 100)
                loss, hit, _ = sess.run([cross_entropy, hits, step], {
                    x: distort(images[batch], labels[batch], rng), y: labels[batch],
                    rate: args.rate * warm * (0.5 * (1 + math.cos(math.pi * done)) + 1e-3)})
                losses.append(loss)
                right.append(hit)
                if i % 25 == 24:
                    print("epoch %d batch %d/%d loss %.4f right %.4f, %.0f s" % (
                        epoch, i, per_epoch, np.mean(losses[-100:]), np.mean(right[-100:]),
                        time.time() - start), flush=True)
            epoch += 1
            saver.save(sess, prefix, write_meta_graph=False, write_state=False)
    return {"epochs": round(epoch - 1 + (i + 1) / per_epoch, 2), "seconds": round(time.time() - start)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", required=True, help="idx3-ubyte file of 28x28 digits, .gz or not")
    parser.add_argument("--labels", required=True, help="idx1-ubyte file of their classes")
    parser.add_argument("--out", required=True, help="folder of the demo")
    parser.add_argument("--epochs", type=float, default=20)
    parser.add_argument("--minutes", type=float, default=25, help="stop after this long at the latest")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.06)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--evaluate-only", action="store_true",
                        help="do not train: write the inference graph and figures of the working checkpoint")
    args = parser.parse_args()

    pixels = read_idx(args.images)
    images = pixels.astype(np.float32) / np.float32(255)
    labels = read_idx(args.labels).astype(np.int32)
    if images.shape[1:] != (SIDE, SIDE) or len(images) != len(labels) or len(images) <= TRAINED:
        raise SystemExit("expected more than %d images of 28x28 and as many labels" % TRAINED)
    os.makedirs(os.path.join(args.out, "working"), exist_ok=True)
    os.makedirs(os.path.join(args.out, "checkpoint"), exist_ok=True)
    working = os.path.join(args.out, "working", "resnet")
    final = os.path.join(args.out, "checkpoint", "resnet")

    if not args.evaluate_only:
        with tf.Graph().as_default():
            report = train(args, images[:TRAINED], labels[:TRAINED], working)
        with open(working + ".json", "w") as f:
            json.dump(report, f)
    with open(working + ".json") as f:
        report = json.load(f)

    with tf.Graph().as_default(), session() as sess:
        model(training=False)
        saver = tf.train.Saver(tf.global_variables())
        saver.restore(sess, working)
        saver.save(sess, final, write_state=False)
    with tf.Graph().as_default(), session() as sess:  # the figures are of the files just written
        tf.train.import_meta_graph(final + ".meta").restore(sess, final)
        classes = np.concatenate([
            sess.run("classes:0", {"input:0": images[i:i + 500, :, :, None]})
            for i in range(0, len(images), 500)])
        misread = np.nonzero(classes != labels)[0]
        held_out = len(images) - TRAINED
        right = held_out - int(np.sum(misread >= TRAINED))
        recorded = {
            "tensorflow": tf.__version__,
            "held_out": {"images": held_out, "right": right, "accuracy": right / held_out},
            "whole_file": {"crc32": zlib.crc32(pixels.tobytes()), "images": len(images),
                           "right": len(images) - len(misread),
                           "misread": [int(i) for i in misread]},
            "parameters": int(sum(np.prod(v.shape.as_list()) for v in tf.global_variables())),
            "training": report,
        }
    with open(os.path.join(args.out, "recorded.json"), "w") as f:
        json.dump(recorded, f, indent=2)
        f.write("\n")
    print(json.dumps(recorded))
    if right < 0.985 * held_out:
        raise SystemExit("only %d of %d held-out images are read right: below 98.5 %%" % (right, held_out))


if __name__ == "__main__":
    main()
