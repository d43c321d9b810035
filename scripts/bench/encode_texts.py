"""Times the same encoding in PyTorch: a RoBERTa in a folder, ids padded to 77, batches of 32 in the order of the texts.

    python scripts/bench/encode_texts.py '{"model": "folder", "ids": "ids.json", "mode": "fp32", "threads": 2}'

mode: fp32, bf16 (parameters and products), autocast-bf16. Every place is attended to, as in training. Prints one JSON
line, as encode-texts.mjs does, and writes the last hidden states where `outputs` names a file.
"""
import json
import resource
import sys
import time

import numpy
import torch
from transformers import RobertaModel

request = json.loads(sys.argv[1])
torch.set_num_threads(request["threads"])
BATCH_SIZE = 32
mode = request["mode"]
model = RobertaModel.from_pretrained(request["model"]).eval()
if mode == "bf16":
    model = model.to(torch.bfloat16)
with open(request["ids"]) as file:
    ids = torch.tensor(json.load(file))

start, cpu_start = time.perf_counter(), time.process_time()
hidden = numpy.empty((*ids.shape, model.config.hidden_size), numpy.float32)
with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode == "autocast-bf16"):
    for at in range(0, len(ids), BATCH_SIZE):
        batch = ids[at:at + BATCH_SIZE]
        output = model(input_ids=batch, attention_mask=torch.ones_like(batch)).last_hidden_state
        hidden[at:at + BATCH_SIZE] = output.float().numpy()
seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
if "outputs" in request:
    hidden.tofile(request["outputs"])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "cpuSeconds": cpu_seconds, "peakBytes": peak}))
