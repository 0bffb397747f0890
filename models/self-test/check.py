"""Checks a GGUF of the self-test model against answers.json, without llama.cpp.

    python check.py                          the shipped Q8_0 file, every case
    python check.py FILE --dialogues 300     also random dialogues (needs JAX)
    python check.py --float                  activations not rounded to Q8_0
    python check.py --ask "Hello" [--system "You are a pirate."]

The weights, the vocabulary and the chat template are read from the file; the
forward pass is plain NumPy and rounds the activations as ggml's Q8_0 kernels do.
An answer is right if greedy decoding gives every token of it and then stops.
"""

import argparse
import json
import random
import sys
from pathlib import Path

import gguf
import jinja2
import numpy as np
from gguf.quants import dequantize, quantize

import bpe

HERE = Path(__file__).parent
Q8 = gguf.GGMLQuantizationType.Q8_0


class Model:
    def __init__(self, path, round_activations=True):
        reader = gguf.GGUFReader(path)
        get = lambda key: reader.get_field(key).contents()
        self.round = round_activations
        self.layers = get("llama.block_count")
        self.heads, self.kv = get("llama.attention.head_count"), get("llama.attention.head_count_kv")
        self.eps, self.base = get("llama.attention.layer_norm_rms_epsilon"), get("llama.rope.freq_base")
        self.template = get("tokenizer.chat_template")
        self.tok = bpe.Tokenizer(get("tokenizer.ggml.tokens"),
                                 [tuple(m.split(" ")) for m in get("tokenizer.ggml.merges")])
        assert get("tokenizer.ggml.bos_token_id") == self.tok.bos
        assert get("tokenizer.ggml.eos_token_id") == self.tok.eot
        self.w = {t.name: dequantize(t.data, t.tensor_type).astype(np.float32) for t in reader.tensors}

    def mul(self, x, name):
        if self.round:
            x = dequantize(quantize(np.ascontiguousarray(x), Q8), Q8)
        return x @ self.w[name + ".weight"].T

    def norm(self, x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps) * self.w[name + ".weight"]

    def rope(self, x):  # [time, heads, head]
        size = x.shape[-1]
        angle = np.arange(len(x))[:, None] * self.base ** (-np.arange(0, size, 2) / size)
        cos, sin = np.cos(angle)[:, None].astype(np.float32), np.sin(angle)[:, None].astype(np.float32)
        out = np.empty_like(x)
        out[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
        out[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
        return out

    def logits(self, ids, start=0):
        """Logits after the tokens start, start+1, ..."""
        x = self.w["token_embd.weight"][ids]
        n = len(ids)
        mask = np.triu(np.full((n, n), -np.inf, np.float32), 1)
        for i in range(self.layers):
            b = f"blk.{i}."
            h = self.norm(x, b + "attn_norm")
            split = lambda name, heads: self.mul(h, b + name).reshape(n, heads, -1)
            q, k = self.rope(split("attn_q", self.heads)), self.rope(split("attn_k", self.kv))
            v = split("attn_v", self.kv)
            k, v = (a.astype(np.float16).astype(np.float32) for a in (k, v))  # the KV cache is F16
            out = np.empty_like(q)
            for head in range(self.heads):
                g = head * self.kv // self.heads
                s = q[:, head] @ k[:, g].T / np.float32(np.sqrt(q.shape[-1])) + mask
                s = np.exp(s - s.max(-1, keepdims=True))
                out[:, head] = s / s.sum(-1, keepdims=True) @ v[:, g]
            x = x + self.mul(out.reshape(n, -1), b + "attn_output")
            h = self.norm(x, b + "ffn_norm")
            gate = self.mul(h, b + "ffn_gate")
            x = x + self.mul(gate / (1 + np.exp(-gate)) * self.mul(h, b + "ffn_up"), b + "ffn_down")
        return self.mul(self.norm(x[start:], "output_norm"), "token_embd")

    def greedy(self, ids, limit=300):
        out = []
        while len(out) < limit:
            t = int(self.logits(ids + out, len(ids) + len(out) - 1)[-1].argmax())
            if t == self.tok.eot:
                return self.tok.decode(out)
            out.append(t)
        return self.tok.decode(out) + " [no stop]"

    def test(self, prompt, answer):
        """(right?, smallest lead over the second choice, number of tokens)"""
        answer = answer + [self.tok.eot]
        z = self.logits(prompt + answer[:-1], len(prompt) - 1)
        at = np.arange(len(answer))
        mine = z[at, answer].copy()
        z[at, answer] = -np.inf
        lead = float((mine - z.max(-1)).min())
        return lead > 0, lead, len(prompt) + len(answer)


def check_cases(m, cases):
    render = jinja2.Environment().from_string(m.template).render
    failed, leads, longest = 0, [], 0
    for case in cases:
        messages = [(t["role"], t["content"]) for t in case["messages"]]
        if "system" in case:
            messages.insert(0, ("system", case["system"]))
        prompt = m.tok.prompt(messages)
        text = render(messages=[{"role": r, "content": c} for r, c in messages], bos_token="<|begin_of_text|>",
                      add_generation_prompt=True)
        if not any("<|" in c for _, c in messages):
            assert m.tok.encode_special(text) == prompt, case["name"]
        assert m.tok.decode(prompt) == text, case["name"]
        right, lead, length = m.test(prompt, m.tok.encode(case["expect"]))
        longest = max(longest, length)
        leads.append((lead, case["name"]))
        if not right:
            failed += 1
            got = m.greedy(prompt, 40) if failed < 20 and length < 400 else "?"
            print(f"WRONG {case['name']}\n    expected {case['expect'][:150]!r}\n    got      {got[:150]!r}")
    print(f"{len(cases) - failed} of {len(cases)} cases exact; longest {longest} tokens; smallest leads:",
          ", ".join(f"{n} {v:.2f}" for v, n in sorted(leads)[:5]))
    return failed


def check_dialogues(m, n, seed):
    """Random dialogues, every answer in them; not part of the guarantee."""
    import corpus
    import train

    rng = random.Random(seed)
    total = failed = 0
    for i in range(n):
        ids, w = train.encode(m.tok, corpus.dialogue(rng))
        if len(ids) > 1600 or not any(w):
            continue
        best = m.logits(ids).argmax(-1)
        at = 0
        while at < len(ids):
            if not w[at]:
                at += 1
                continue
            end = ids.index(m.tok.eot, at)
            total += 1
            if any(best[j - 1] != ids[j] for j in range(at, end + 1)):
                failed += 1
                guess = m.tok.decode([int(best[j - 1]) for j in range(at, end + 1)])
                print("WRONG after", repr(m.tok.decode(ids[:at]).split("Date: ")[-1][:400]))
                print("    expected", repr(m.tok.decode(ids[at:end])[-150:]))
                print("    got     ", repr(guess[-150:]))
            at = end + 1
    print(f"{total - failed} of {total} answers exact in {n} random dialogues")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("file", nargs="?", default=HERE / "paddock-self-test-q8_0.gguf")
    args.add_argument("--float", action="store_true")
    args.add_argument("--dialogues", type=int, default=0)
    args.add_argument("--seed", type=int, default=77)
    args.add_argument("--ask")
    args.add_argument("--system")
    args = args.parse_args()
    m = Model(args.file, not args.float)
    if args.ask:
        messages = [("system", args.system)] if args.system else []
        print(m.greedy(m.tok.prompt(messages + [("user", args.ask)])))
        return 0
    failed = check_cases(m, json.loads((HERE / "answers.json").read_text(encoding="utf-8"))["cases"])
    if args.dialogues:
        check_dialogues(m, args.dialogues, args.seed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
