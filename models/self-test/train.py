"""Trains the Paddock self-test model from scratch and writes it as GGUF.

    python train.py                 the whole training, about 25 minutes on 2 cores; ends when every case is exact
    python train.py --export-only   writes the GGUF files from the last checkpoint
"""

import argparse
import os
import pickle
import random
import time
from pathlib import Path

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=true")

import jax
import jax.numpy as jnp
import numpy as np
import optax

import bpe
import check
import corpus
import export
import model

HERE = Path(__file__).parent
BUILD = HERE / "build"
TOKENS_PER_STEP = 2304
LENGTHS = (64, 96, 128, 160, 224, 320, 448, 640, 1024, 1600)
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def make_tokenizer():
    texts = {}

    def add(weight, *items):
        for t in items:
            texts[t] = texts.get(t, 0) + weight

    add(200, "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n", "system", "user", "assistant",
        "\n\n", corpus.FALLBACK, corpus.WHO, corpus.HELLO)
    for _, answer, _, wordings in corpus.FACTS:
        add(60, answer)
        add(25, *wordings)
    for _, answer, wordings in corpus.TEXTS:
        add(40, answer)
        add(15, *wordings)
    for group in (corpus.COUNT_WORDINGS, corpus.TELL_NAME, corpus.ASK_NAME, corpus.ASK_COLOUR, corpus.TELL_COLOUR,
                  corpus.ASK_CITY, corpus.TELL_CITY):
        add(40, *(w.format(n="", x="") for w in group))
    # Names, colours and cities are one token each, so that remembering them is copying one token.
    for x in (*corpus.NAMES, *corpus.COLOURS, *corpus.CITIES):
        add(500, x, "a " + x)
    add(40, corpus.NO_NAME, corpus.NO_COLOUR, corpus.NO_CITY, corpus.NOT_A_COMMAND, corpus.SNEAK,
        "Nice to meet you, ", "Your name is ", "I will remember that you live in ",
        "I will remember that you like ", "Your favourite colour is ", "You live in ", "Arr! ", ", matey!")
    add(20, *corpus.PIRATE_SYSTEM, *corpus.WORD_SYSTEM)
    add(6, *corpus.PLAIN_SYSTEM)
    add(4, *(f.format(t="", u="") for f in corpus.UNKNOWN_FORMS))
    add(2, *corpus.UNKNOWN)
    add(1, *corpus.TOPICS, *corpus.COUNTRIES)
    return bpe.Tokenizer(*bpe.train(texts, model.VOCAB, corpus.MAX_COUNT))


def encode(tok, dialogue):
    messages = [(r, t) for r, t, _ in dialogue]
    preface = messages[0][1] if messages[0][0] == "system" else ""
    ids = [tok.bos, *tok.system(preface, corpus.DATE), tok.eot]
    weights = [0.0] * len(ids)
    for role, text, weight in dialogue[1:] if messages[0][0] == "system" else dialogue:
        body = [*tok.turn(role, text), tok.eot]
        head = len(tok.turn(role, ""))
        ids += body
        weights += [0.0] * head + [weight] * (len(body) - head)
        if weight:
            # the first token and the stop token decide most
            weights[len(ids) - len(body) + head] = weights[-1] = 1.5
            if text.removeprefix("Arr! ").startswith("1, 2"):
                # where to stop counting is decided at a few places only
                weights[-1] = 5.0
                for n in corpus.COUNTS:
                    if ids[-2] != tok.ids[str(n)] and tok.ids[str(n)] in body:
                        weights[len(ids) - len(body) + body.index(tok.ids[str(n)]) + 1] = 3.0
    return ids, weights


def batches(tok, rng, steps):
    """`steps` batches of similar length, in random order."""
    buckets = {n: [] for n in LENGTHS}
    out = []
    while len(out) < steps:
        for _ in range(2000):
            ids, w = encode(tok, corpus.dialogue(rng))
            if w[-1] == 0 or len(ids) > LENGTHS[-1]:
                continue
            n = next(n for n in LENGTHS if n >= len(ids))
            buckets[n].append((ids, w))
        for n, items in buckets.items():
            size = max(2, TOKENS_PER_STEP // n)
            while len(items) >= size:
                take, items[:] = items[:size], items[size:]
                x = np.full((size, n), tok.special["<|finetune_right_pad_id|>"], np.int32)
                y = np.zeros((size, n), np.float32)
                for i, (ids, w) in enumerate(take):
                    x[i, : len(ids)], y[i, : len(ids)] = ids, w
                out.append((x, y))
    rng.shuffle(out)
    return out[:steps]


def optimizer(args):
    schedule = optax.warmup_cosine_decay_schedule(0.0, args.lr, 100, args.steps, args.lr * 0.01)
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, b2=0.98, weight_decay=0.01))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--steps", type=int, default=1600)
    args.add_argument("--lr", type=float, default=3e-3)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--continue", dest="resume", action="store_true",
                      help="start from the last checkpoint with a new schedule")
    args.add_argument("--rounds", type=int, default=4, help="short rounds after the training while an answer is wrong")
    args.add_argument("--export-only", action="store_true")
    args = args.parse_args()
    BUILD.mkdir(exist_ok=True)
    corpus.save_cases()
    tok = make_tokenizer()
    params = model.init(jax.random.key(args.seed))
    if args.resume or args.export_only:
        params = pickle.loads((BUILD / "checkpoint.pkl").read_bytes())
    if not args.export_only:
        params = train(tok, params, args)
    export.write(HERE, tok, jax.tree.map(np.asarray, params))
    while not args.export_only and check.check_cases(check.Model(HERE / export.Q8_FILE), corpus.CASES):
        args.rounds -= 1
        if args.rounds < 0:
            raise SystemExit("Some answers are still wrong: try another --seed.")
        args.seed, args.steps, args.lr = args.seed + 1000, 250, 1e-3
        params = train(tok, params, args)
        export.write(HERE, tok, jax.tree.map(np.asarray, params))


def train(tok, params, args):
    rng = random.Random(args.seed)
    data = batches(tok, rng, args.steps)
    opt = optimizer(args)
    state = opt.init(params)

    @jax.jit
    def step(params, state, x, y):
        value, grad = jax.value_and_grad(model.loss)(params, x, y)
        update, state = opt.update(grad, state, params)
        return optax.apply_updates(params, update), state, value

    start, mean = time.time(), None
    for i, (x, y) in enumerate(data):
        params, state, value = step(params, state, x, y)
        value = float(value)
        mean = value if mean is None else 0.97 * mean + 0.03 * value
        if i % 20 == 0 or i == len(data) - 1:
            print(f"step {i} of {len(data)}  loss {mean:.4f}  {time.time() - start:.0f} s", flush=True)
        if i % 200 == 199 or i == len(data) - 1:
            temp = BUILD / "checkpoint.tmp"
            temp.write_bytes(pickle.dumps(jax.tree.map(np.asarray, params)))
            temp.replace(BUILD / "checkpoint.pkl")
    return params


if __name__ == "__main__":
    main()
