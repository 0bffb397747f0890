"""Byte-level BPE as llama.cpp's "llama-bpe" does it, and a trainer for it."""

from collections import Counter
from functools import lru_cache

import regex

LLAMA3 = regex.compile(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = [
    "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
    "<|eot_id|>", "<|eom_id|>", "<|python_tag|>", "<|finetune_right_pad_id|>",
    *(f"<|reserved_special_token_{i}|>" for i in range(8)),
]


def _byte_map():
    """GPT-2's mapping from bytes to printable characters."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, extra = {}, 0
    for b in range(256):
        if b in keep:
            table[b] = chr(b)
        else:
            table[b] = chr(256 + extra)
            extra += 1
    return table


TO_CHAR = _byte_map()
TO_BYTE = {c: b for b, c in TO_CHAR.items()}


def pieces(text):
    """The pre-tokens of a text, written in the byte alphabet."""
    return ["".join(TO_CHAR[b] for b in m.group().encode()) for m in LLAMA3.finditer(text)]


def _mergeable(c):
    # Bytes of multi-byte characters stay alone, so that every character outside ASCII
    # spans several tokens; numbers get their own merges.
    return TO_BYTE[c] < 128 and not c.isdigit()


def _numbers(top):
    """Merges that make every number up to `top` one token: to stop counting is then to see one token again."""
    return [(str(n)[:-1], str(n)[-1]) for n in range(10, top + 1)]


def train(texts, size, top):
    """texts: {text: weight}. Returns (tokens, merges) with `size` tokens in all, the numbers to `top` among them."""
    words = Counter()
    for text, weight in texts.items():
        for p in pieces(text):
            words[p] += weight
    words = {w: (list(w), n) for w, n in words.items()}
    merges = _numbers(top)
    tokens = [TO_CHAR[b] for b in range(256)] + [a + b for a, b in merges]
    while len(tokens) + len(SPECIAL) < size:
        pairs = Counter()
        for parts, n in words.values():
            for a, b in zip(parts, parts[1:]):
                if all(map(_mergeable, a + b)):
                    pairs[a, b] += n
        (a, b), _ = max(pairs.items(), key=lambda kv: (kv[1], kv[0]))
        merges.append((a, b))
        tokens.append(a + b)
        for w, (parts, n) in words.items():
            if a + b in w:
                words[w] = (_merge(parts, a, b), n)
    return tokens + SPECIAL, merges


def _merge(parts, a, b):
    out, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and parts[i] == a and parts[i + 1] == b:
            out.append(a + b)
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out


class Tokenizer:
    def __init__(self, tokens, merges):
        self.tokens, self.merges = tokens, merges
        self.ids = {t: i for i, t in enumerate(tokens)}
        self.ranks = {m: i for i, m in enumerate(merges)}
        self.special = {t: self.ids[t] for t in SPECIAL}
        self.bos = self.special["<|begin_of_text|>"]
        self.eot = self.special["<|eot_id|>"]
        self.head = self.special["<|start_header_id|>"]
        self.head_end = self.special["<|end_header_id|>"]
        self._piece = lru_cache(maxsize=200_000)(self._encode_piece)

    def _encode_piece(self, piece):
        if piece in self.ids and piece not in self.special:  # llama-bpe: ignore_merges
            return [self.ids[piece]]
        parts = list(piece)
        while len(parts) > 1:
            best = min(zip(parts, parts[1:]), key=lambda p: self.ranks.get(p, 1 << 30))
            if best not in self.ranks:
                break
            parts = _merge(parts, *best)
        return [self.ids[p] for p in parts]

    def encode(self, text):
        """Ordinary text: the names of special tokens are not treated as such."""
        return [i for p in pieces(text) for i in self._piece(p)]

    def encode_special(self, text):
        """Text in which the names of special tokens become control tokens."""
        out = []
        for part in regex.split("(" + "|".join(map(regex.escape, SPECIAL)) + ")", text):
            out += [self.special[part]] if part in self.special else self.encode(part)
        return out

    def decode(self, ids):
        out = b""
        for i in ids:
            t = self.tokens[i]
            out += t.encode() if t in self.special else bytes(TO_BYTE[c] for c in t)
        return out.decode("utf-8", "replace")

    def turn(self, role, text):
        """Header and text of one turn, without the <|eot_id|> that ends it."""
        return [self.head, *self.encode(role), self.head_end, *self.encode("\n\n" + text.strip())]

    def system(self, preface, date):
        day = f"\n\nCutting Knowledge Date: December 2023\nToday Date: {date}\n\n"
        return [self.head, *self.encode("system"), self.head_end, *self.encode(day + preface.strip())]

    def prompt(self, messages, date="26 Jul 2024", generate=True):
        """[(role, text)] -> ids, as the chat template with parsed control tokens gives them."""
        messages = list(messages)
        preface = messages.pop(0)[1] if messages and messages[0][0] == "system" else ""
        out = [self.bos, *self.system(preface, date), self.eot]
        for role, text in messages:
            out += [*self.turn(role, text), self.eot]
        return out + self.turn("assistant", "") if generate else out
