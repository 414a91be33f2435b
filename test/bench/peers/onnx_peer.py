# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows without gradients by ONNX Runtime and OpenVINO: onnx_peer.py onnxruntime|openvino. The models are exported by
PyTorch, their weights constants, and inputs and outputs are bound to memory."""

import os
import sys

import torch
from models import FORWARD
from timing import report

THREADS = int(os.environ["OMP_NUM_THREADS"])


def exported(net, x):
    return torch.onnx.export(net, (x,), dynamo=True, verbose=False).model_proto.SerializeToString()


def by_onnxruntime(model, x):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_cpu_input(session.get_inputs()[0].name, x.numpy())
    binding.bind_output(session.get_outputs()[0].name)
    return lambda: session.run_with_iobinding(binding)


def by_openvino(model, x):
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": THREADS, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(core.read_model(model), "CPU", settings).create_infer_request()
    request.set_input_tensor(openvino.Tensor(x.numpy(), shared_memory=True))
    return request.infer


def main():
    prepare = {"onnxruntime": by_onnxruntime, "openvino": by_openvino}[sys.argv[1]]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    torch.backends.mha.set_fastpath_enabled(False)  # its own layers, not the fused one that nothing else knows
    with torch.no_grad():
        for row, make, shape in FORWARD:
            x = torch.rand(shape)
            report(row, prepare(exported(make().eval(), x), x))


main()
