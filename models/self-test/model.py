"""The Llama architecture in JAX: RMSNorm, interleaved RoPE, grouped-query attention, SwiGLU."""

import jax
import jax.numpy as jnp
import numpy as np

VOCAB, WIDTH, LAYERS, HEADS, KV_HEADS, FFN = 1376, 256, 4, 8, 4, 512
CONTEXT = 2048
ROPE_BASE = 10_000.0
EPS = 1e-5
HEAD = WIDTH // HEADS


def init(key):
    def w(*shape, scale=1.0):
        nonlocal key
        key, sub = jax.random.split(key)
        return jax.random.normal(sub, shape) * scale / np.sqrt(shape[0])

    deep = 1 / np.sqrt(2 * LAYERS)
    layer = lambda: {
        "attn_norm": jnp.ones(WIDTH),
        "attn_q": w(WIDTH, WIDTH),
        "attn_k": w(WIDTH, KV_HEADS * HEAD),
        "attn_v": w(WIDTH, KV_HEADS * HEAD),
        "attn_output": w(WIDTH, WIDTH, scale=deep),
        "ffn_norm": jnp.ones(WIDTH),
        "ffn_gate": w(WIDTH, FFN),
        "ffn_up": w(WIDTH, FFN),
        "ffn_down": w(FFN, WIDTH, scale=deep),
    }
    return {
        "token_embd": jax.random.normal(key, (VOCAB, WIDTH)) * 0.05,
        "output_norm": jnp.ones(WIDTH),
        "blk": [layer() for _ in range(LAYERS)],
    }


def norm(x, g):
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + EPS) * g


def rope_table(n):
    angle = np.arange(n)[:, None] * ROPE_BASE ** (-np.arange(0, HEAD, 2) / HEAD)
    return jnp.asarray(np.cos(angle), jnp.float32), jnp.asarray(np.sin(angle), jnp.float32)


def rope(x, cos, sin):
    # ggml's "norm" order: the pairs are (0, 1), (2, 3), ...
    a, b = x[..., 0::2], x[..., 1::2]
    return jnp.stack([a * cos - b * sin, a * sin + b * cos], -1).reshape(x.shape)


def forward(params, ids):
    """ids [batch, time] -> logits. Padding stands at the end, so the causal mask is enough."""
    n, t = ids.shape
    cos, sin = rope_table(t)
    cos, sin = cos[:, None, :], sin[:, None, :]
    mask = jnp.tril(jnp.ones((t, t), bool))
    x = params["token_embd"][ids]
    group = HEADS // KV_HEADS
    for p in params["blk"]:
        h = norm(x, p["attn_norm"])
        q = rope((h @ p["attn_q"]).reshape(n, t, HEADS, HEAD), cos, sin).reshape(n, t, KV_HEADS, group, HEAD)
        k = rope((h @ p["attn_k"]).reshape(n, t, KV_HEADS, HEAD), cos, sin)
        v = (h @ p["attn_v"]).reshape(n, t, KV_HEADS, HEAD)
        score = jnp.einsum("ntkgd,nskd->nkgts", q, k) * HEAD**-0.5
        att = jax.nn.softmax(jnp.where(mask, score, -1e30), -1)
        x = x + jnp.einsum("nkgts,nskd->ntkgd", att, v).reshape(n, t, WIDTH) @ p["attn_output"]
        h = norm(x, p["ffn_norm"])
        x = x + (jax.nn.silu(h @ p["ffn_gate"]) * (h @ p["ffn_up"])) @ p["ffn_down"]
    return norm(x, params["output_norm"]) @ params["token_embd"].T


def loss(params, ids, weight):
    """weight[i]: how much the prediction of token i counts (0 for the first)."""
    logits = forward(params, ids)[:, :-1]
    target, w = ids[:, 1:], weight[:, 1:]
    nll = jax.nn.logsumexp(logits, -1) - jnp.take_along_axis(logits, target[..., None], -1)[..., 0]
    return (nll * w).sum() / jnp.maximum(w.sum(), 1.0)
