"""Writes the trained weights as GGUF, once as F16 and once as Q8_0."""

import gguf
import numpy as np
from gguf.quants import quantize

import model
from bpe import SPECIAL

Q = gguf.GGMLQuantizationType
Q8_FILE = "paddock-self-test-q8_0.gguf"


def write(folder, tok, params):
    template = (folder / "chat_template.jinja").read_text(encoding="utf-8").rstrip("\n")
    (folder / "build").mkdir(exist_ok=True)
    tensors = {"token_embd.weight": params["token_embd"], "output_norm.weight": params["output_norm"]}
    for i, layer in enumerate(params["blk"]):
        for name, value in layer.items():
            # JAX keeps [in, out], GGUF rows are the outputs
            tensors[f"blk.{i}.{name}.weight"] = value.T if value.ndim == 2 else value
    one(folder / "build" / "paddock-self-test-f16.gguf", Q.F16, gguf.LlamaFileType.MOSTLY_F16, tok, tensors, template)
    one(folder / Q8_FILE, Q.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0, tok, tensors, template)


def one(path, kind, file_type, tok, tensors, template):
    w = gguf.GGUFWriter(path, "llama")
    w.add_type("model")
    w.add_name("Paddock self-test model")
    w.add_author("Paddock")
    w.add_description("A small Llama trained on a few dozen fixed answers. It proves that an engine works; "
                      "it knows nothing else.")
    w.add_license("MIT")
    w.add_size_label("2.7M")
    w.add_file_type(file_type)
    w.add_quantization_version(2)
    w.add_context_length(model.CONTEXT)
    w.add_embedding_length(model.WIDTH)
    w.add_block_count(model.LAYERS)
    w.add_feed_forward_length(model.FFN)
    w.add_head_count(model.HEADS)
    w.add_head_count_kv(model.KV_HEADS)
    w.add_layer_norm_rms_eps(model.EPS)
    w.add_rope_dimension_count(model.HEAD)
    w.add_rope_freq_base(model.ROPE_BASE)
    w.add_vocab_size(model.VOCAB)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("llama-bpe")
    w.add_token_list(tok.tokens)
    w.add_token_types([gguf.TokenType.CONTROL if t in SPECIAL else gguf.TokenType.NORMAL for t in tok.tokens])
    w.add_token_merges([" ".join(m) for m in tok.merges])
    w.add_bos_token_id(tok.bos)
    w.add_eos_token_id(tok.eot)
    w.add_eot_token_id(tok.eot)
    w.add_eom_token_id(tok.special["<|eom_id|>"])
    w.add_pad_token_id(tok.special["<|finetune_right_pad_id|>"])
    w.add_add_bos_token(True)
    w.add_chat_template(template)
    for name, value in tensors.items():
        value = np.ascontiguousarray(value, np.float32)
        if value.ndim == 2:
            w.add_tensor(name, quantize(value, kind), raw_dtype=kind)
        else:
            w.add_tensor(name, value)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    print(path.name, path.stat().st_size, "bytes")
