"""One runtime with one net: python worker.py PEER NET BATCH THREADS FOLDER. Prints a line of JSON when it is ready, then answers each
line of standard input: "save FILE.npy" (the output), or seconds to run for. Nothing runs in between."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

peer, net, batch, threads, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5])
os.environ["OMP_NUM_THREADS"] = str(threads)
import numpy as np

from layers import feed

x = feed(net, batch)
first = np.ascontiguousarray(x.transpose(0, 3, 1, 2)) if x.ndim == 4 else x   # channels first


def tensorflow():
    import tensorflow_net
    run, version = tensorflow_net.runner(str(folder / "model"), threads)
    return (lambda: run(x)), version


def onnxruntime():
    import onnxruntime as ort
    ort.set_default_logger_severity(3)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = ort.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    return (lambda: session.run(["y"], {"x": first})[0]), ort.__version__


def openvino():
    import openvino as ov
    core = ov.Core()
    model = core.read_model(str(folder / "model.onnx"))
    model.reshape(list(first.shape))
    compiled = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
                                                 "INFERENCE_PRECISION_HINT": "f32"})
    request, output = compiled.create_infer_request(), compiled.output(0)
    request.set_input_tensor(ov.Tensor(first, shared_memory=True))

    def run():
        request.infer()
        return request.get_tensor(output).data
    return run, ov.__version__.split("-")[0]


def torch():
    import warnings
    warnings.filterwarnings("ignore")
    import torch as t

    import torch_net
    t.set_num_threads(threads)
    module, value = torch_net.build(net), t.tensor(first)
    if value.dim() == 4:
        module, value = module.to(memory_format=t.channels_last), value.to(memory_format=t.channels_last)
    if value.dtype == t.int32:
        value = value.long()
    with t.no_grad():
        try:
            module = t.jit.optimize_for_inference(t.jit.freeze(t.jit.trace(module, value)))
        except Exception as error:   # as it is, then
            print(f"torch: {net} is not traced: {error}", file=sys.stderr)

    def run():
        with t.inference_mode():
            return module(value).numpy()
    return run, t.__version__


def ncnn():
    import ncnn as n
    if net == "gru":
        raise RuntimeError("its GRU resets after the product")
    if x.ndim != 4:
        raise RuntimeError("pnnx does not convert the recurrent nets from ONNX")
    param, weights = folder / "model.ncnn.param", folder / "model.ncnn.bin"
    if not weights.exists():
        pnnx = Path(sys.executable).parent / "pnnx"
        shape = ",".join(map(str, (1, *first.shape[1:])))
        subprocess.run([str(pnnx), "model.onnx", f"inputshape=[{shape}]", "fp16=0"], cwd=folder, stdout=sys.stderr, check=True)
    loaded = n.Net()
    for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_packed", "use_bf16_storage"):
        if hasattr(loaded.opt, name):
            setattr(loaded.opt, name, False)
    loaded.opt.num_threads, loaded.opt.use_vulkan_compute = threads, False
    if loaded.load_param(str(param)) or loaded.load_model(str(weights)):
        raise RuntimeError("the converted net does not load")
    images = [n.Mat(image) for image in first]   # it has no batch: one after another

    def run():
        rows = []
        for image in images:
            extractor = loaded.create_extractor()
            extractor.input("in0", image)
            rows.append(np.array(extractor.extract("out0")[1]))
        return np.stack(rows)
    return run, n.__version__


def say(**row):
    print(json.dumps(row), flush=True)


def main():
    try:
        run, version = {"tensorflow": tensorflow, "onnxruntime": onnxruntime, "openvino": openvino, "torch": torch, "ncnn": ncnn}[peer]()
        run()
    except Exception as error:
        say(error=f"{type(error).__name__}: {error}".splitlines()[0][:200])
        return
    say(version=version)
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "save":
            np.save(rest, np.asarray(run()))
            say(saved=rest)
            continue
        times, end = [], time.perf_counter() + float(word)
        run()
        while len(times) < 3 or time.perf_counter() < end:
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        say(ms=1e3 * min(times), median=1e3 * sorted(times)[len(times) // 2], runs=len(times))


main()
