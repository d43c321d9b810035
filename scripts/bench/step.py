"""Times the same step in PyTorch: a CLIP text teacher, a RoBERTa student, random weights, AdamW; random ids, or given.

    python scripts/bench/step.py \\
        '{"mode": "compile-bf16", "batch": 32, "dropout": 0.1, "steps": 5, "threads": 2, "configs": {…}}'

mode: eager-fp32, eager-bf16 (autocast), compile-fp32, compile-bf16 (autocast and torch.compile). ids: a JSON file of
batches of ids padded to 77, each {"teacher": [B, 77], "student": [2B, 77]}, taken in turn. configs: `teacher` and `student`,
with the sizes that index.mjs names. Prints one JSON line, as step.mjs does.
"""
import itertools
import json
import resource
import sys
import time

import torch
from transformers import CLIPTextConfig, CLIPTextModel, RobertaConfig, RobertaModel

config = json.loads(sys.argv[1])
torch.set_num_threads(config["threads"])
torch.manual_seed(0)
LENGTH = 77
device = "cuda" if torch.cuda.is_available() else "cpu"


def sizes(config):
    return {
        "vocab_size": config["vocabSize"],
        "hidden_size": config["hiddenSize"], "intermediate_size": config["intermediateSize"],
        "num_hidden_layers": config["numHiddenLayers"], "num_attention_heads": config["numAttentionHeads"],
        "max_position_embeddings": config["maxPositionEmbeddings"], "hidden_act": config["hiddenAct"],
    }


sizes_of = {role: sizes(config["configs"][role]) for role in ("teacher", "student")}
teacher = CLIPTextModel(CLIPTextConfig(**sizes_of["teacher"])).eval().to(device)
student = RobertaModel(RobertaConfig(
    **sizes_of["student"], type_vocab_size=1, layer_norm_eps=1e-5,
    hidden_dropout_prob=config["dropout"], attention_probs_dropout_prob=config["dropout"])).train().to(device)
for parameter in teacher.parameters():
    parameter.requires_grad_(False)
trained = [p for n, p in student.named_parameters() if not n.startswith("pooler")]
optimizer = torch.optim.AdamW(trained, lr=5e-5, weight_decay=1e-4)
bf16 = config["mode"].endswith("bf16")


def losses(teacher_ids, student_ids):
    with torch.no_grad():
        target = teacher(input_ids=teacher_ids).last_hidden_state
    output = student(input_ids=student_ids).last_hidden_state.float()
    english, korean = output.chunk(2)
    target = target.float()
    return torch.nn.functional.mse_loss(english, target) + torch.nn.functional.mse_loss(korean, target)


compute = torch.compile(losses) if config["mode"].startswith("compile") else losses


def random_ids():
    batch = config["batch"]
    while True:
        yield (
            torch.randint(0, sizes_of["teacher"]["vocab_size"], (batch, LENGTH), device=device),
            torch.randint(2, sizes_of["student"]["vocab_size"], (2 * batch, LENGTH), device=device),
        )


def given_ids(path):
    with open(path) as file:
        batches = json.load(file)
    for each in itertools.cycle(batches):
        yield tuple(torch.tensor(each[role], device=device) for role in ("teacher", "student"))


inputs = given_ids(config["ids"]) if "ids" in config else random_ids()


def step():
    teacher_ids, student_ids = next(inputs)
    with torch.autocast(device, dtype=torch.bfloat16, enabled=bf16):
        loss = compute(teacher_ids, student_ids)
    loss.backward()
    torch.nn.utils.get_total_norm([p.grad for p in student.parameters() if p.grad is not None])  # logged in both
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


started = time.perf_counter()
seconds = []
cpu_seconds = []
first = None
for _ in range(config["steps"] + 1):
    start, cpu_start = time.perf_counter(), time.process_time()
    step()
    seconds.append(time.perf_counter() - start)
    cpu_seconds.append(time.process_time() - cpu_start)
    first = first or time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds[1:], "cpuSeconds": cpu_seconds[1:], "toFirstStep": first, "peakBytes": peak}))
