#!/usr/bin/env python3
"""Whole nets in tarn and in TensorFlow, ONNX Runtime, OpenVINO, PyTorch and ncnn, in one run.

    bench/peers/nets.py --tarn build/tarn --python tensorflow=VENV/bin/python --python openvino=VENV2/bin/python ...

Each runtime works in a process of its own, by the interpreter that --python names for it (default: this one); one that cannot be
imported is said so and left out. The nets are made first, by TensorFlow (a graph with its checkpoint, which tarn runs as it is) and
as ONNX files, into --folder, and kept there. For each net, batch and number of threads all runtimes are loaded; then they run in
turn, --rounds times, each for --seconds; the least time counts. Outputs are compared with TensorFlow's. Prints a Markdown table of
ratios: how many times tarn's time the others take.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

PARTS = Path(__file__).parent / "nets"
sys.path.insert(0, str(PARTS))
from layers import NETS, feed

PEERS = ["tensorflow", "onnxruntime", "openvino", "torch", "ncnn"]


class Worker:
    """A runtime in its process; `error` says why it is not there."""

    def __init__(self, python, peer, net, batch, threads, folder):
        words = [python, str(PARTS / "worker.py"), peer, net, str(batch), str(threads), str(folder)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        said = self.read()
        self.error, self.version = said.get("error"), said.get("version")

    def read(self):
        for line in self.process.stdout:
            if line.startswith("{"):   # libraries print what they like
                return json.loads(line)
        return {"error": f"ended with status {self.process.wait()}"}

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.read()

    def measure(self, seconds):
        return self.ask(str(seconds)).get("ms", float("inf"))

    def save(self, path):
        self.ask(f"save {path}")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Tarn:
    def __init__(self, command, batch, threads, folder, x, options):
        self.words = [str(folder / "model"), "--feed", f"x={x}", "--threads", str(threads), *options]
        self.command, self.error = command, None

    def run(self, verb, *more):
        done = subprocess.run([self.command, verb, *self.words, *more], capture_output=True, text=True)
        if done.returncode:
            self.error = done.stderr.strip().splitlines()[0] if done.stderr.strip() else f"status {done.returncode}"
            return None
        return done.stdout

    def measure(self, seconds):
        said = self.run("bench", "--fetch", "y", "--seconds", str(seconds), "--json")
        return json.loads(said)["ms_min"] if said else float("inf")

    def save(self, path):
        self.run("run", "--fetch", f"y={path}")

    def stop(self):
        pass


def make_nets(options, names):
    """The models that are not there yet."""
    for net in names:
        folder = options.folder / net
        folder.mkdir(parents=True, exist_ok=True)
        for peer, part, file in (("tensorflow", "tensorflow_net", "model"), ("tensorflow", "onnx_net", "model.onnx")):
            if (folder / file).exists() or (folder / (file + ".index")).exists():
                continue
            print(f"making {net} ({part})", file=sys.stderr)
            code = f"import sys; sys.path.insert(0, {str(PARTS)!r}); import {part}; {part}.save({net!r}, {str(folder / file)!r})"
            done = subprocess.run([options.python[peer], "-c", code], capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{part} cannot make {net}: {done.stderr.strip().splitlines()[-1]}")


def difference(folder, name, wanted):
    path = folder / f"{name}.npy"
    if not path.exists():
        return None
    got = np.load(path)
    if got.size != wanted.size:
        return float("inf")
    return float(np.abs(got.reshape(wanted.shape) - wanted).max() / max(np.abs(wanted).max(), 1e-30))


def one_case(options, net, batch, threads, absent):
    """{"peer": ms}, {"peer": difference}"""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        np.save(work / "x.npy", feed(net, batch))
        workers = {"tarn": Tarn(options.tarn, batch, threads, options.folder / net, work / "x.npy", options.tarn_option)}
        for peer in options.peers:
            workers[peer] = Worker(options.python[peer], peer, net, batch, threads, options.folder / net)
            if workers[peer].error:
                absent.setdefault(f"{peer}: {workers.pop(peer).error}", []).append(net)
        for name, worker in workers.items():
            worker.save(work / f"{name}.npy")
        best = {name: float("inf") for name in workers}
        for _ in range(options.rounds):
            for name, worker in workers.items():
                best[name] = min(best[name], worker.measure(options.seconds))
        for worker in workers.values():
            worker.stop()
        if workers["tarn"].error:
            absent.setdefault(f"tarn: {workers['tarn'].error}", []).append(net)
        wanted = np.load(work / "tensorflow.npy") if (work / "tensorflow.npy").exists() else np.load(work / "tarn.npy")
        return best, {name: difference(work, name, wanted) for name in workers}


def machine():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "an unknown CPU"


def cell(best, errors, peer, tolerance):
    if peer not in best or best[peer] == float("inf"):
        return "-"
    text = f"{best[peer] / best['tarn']:.2f}"
    return text if errors.get(peer) is not None and errors[peer] <= tolerance else text + " *"


def table(options, rows, absent):
    lines = [f"{machine()}; least of {options.rounds} rounds of {options.seconds:g} s each, runtimes in turn; the other's time over tarn's.", "",
             "| net | batch | threads | tarn ms | " + " | ".join(options.peers) + " | best of them |",
             "|---|---|---|---|" + "---|" * (len(options.peers) + 1)]
    for net, batch, threads, best, errors in rows:
        others = [best[p] for p in options.peers if best.get(p, float("inf")) < float("inf")]
        ratio = f"{min(others) / best['tarn']:.2f}" if others else "-"
        lines.append(f"| {net} | {batch} | {threads} | {best['tarn']:.3f} | " +
                     " | ".join(cell(best, errors, p, options.tolerance) for p in options.peers) + f" | **{ratio}** |")
    worst = max((e["tarn"] for *_, e in rows if e.get("tarn") is not None), default=0)
    lines += ["", f"tarn's outputs differ from TensorFlow's by {worst:.1e} of the largest at most. *: its numbers are not TensorFlow's "
              f"(beyond {options.tolerance:g})."]
    if absent:
        lines += ["", "Not there:", ""] + [f"- {why} ({', '.join(sorted(set(nets)))})" for why, nets in absent.items()]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tarn", default="build/tarn")
    parser.add_argument("--tarn-option", action="append", default=[], help="passed on to tarn, such as --precision=bf16")
    parser.add_argument("--python", action="append", default=[], metavar="PEER=INTERPRETER")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--nets", default=",".join(NETS))
    parser.add_argument("--batches", default="", help="default: 1 and 8, recurrent nets 1 and 20")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "tarn-nets", help="for the models")
    parser.add_argument("--json", type=Path, help="the figures, too")
    options = parser.parse_args()
    named = dict(text.split("=", 1) for text in options.python)
    options.python = {peer: named.get(peer, sys.executable) for peer in PEERS}
    options.peers = [p for p in options.peers.split(",") if p]
    names = [n for n in options.nets.split(",") if n]
    unknown = (set(names) - set(NETS)) | (set(options.peers) - set(PEERS)) | (set(named) - set(PEERS))
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; nets: {', '.join(NETS)}; peers: {', '.join(PEERS)}")
    make_nets(options, names)
    rows, absent = [], {}
    for net in names:
        for batch in map(int, options.batches.split(",")) if options.batches else NETS[net][3]:
            for threads in map(int, options.threads.split(",")):
                best, errors = one_case(options, net, batch, threads, absent)
                rows.append((net, batch, threads, best, errors))
                print(net, batch, threads, {k: round(v, 3) for k, v in best.items()}, file=sys.stderr)
    print(table(options, rows, absent), end="")
    if options.json:
        options.json.write_text(json.dumps([{"net": n, "batch": b, "threads": t, "ms": best, "difference": errors}
                                            for n, b, t, best, errors in rows], indent=1))


if __name__ == "__main__":
    main()
