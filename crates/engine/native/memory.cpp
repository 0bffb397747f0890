// llama.cpp reports what it allocated per buffer type only through a C++ function (src/llama-ext.h), which the bindings
// leave out. This hands the same numbers to Rust as a plain array. The declarations below are those of the llama.cpp
// that llama-cpp-sys-2 0.1.161 vendors; the exact pin of that crate keeps them true.

#include <cstddef>
#include <map>

struct llama_context;
struct ggml_backend_buffer_type;

struct llama_memory_breakdown_data {
    size_t model   = 0;
    size_t context = 0;
    size_t compute = 0;
};

std::map<ggml_backend_buffer_type *, llama_memory_breakdown_data> llama_get_memory_breakdown(const llama_context * ctx);

extern "C" {

struct paddock_buffer_use {
    ggml_backend_buffer_type * buffer_type;
    size_t weights_bytes;
    size_t kv_bytes;
    size_t compute_bytes;
};

// Writes at most `capacity` entries and returns how many there are.
size_t paddock_memory_breakdown(const llama_context * ctx, paddock_buffer_use * out, size_t capacity) {
    size_t n = 0;
    for (const auto & [type, use] : llama_get_memory_breakdown(ctx)) {
        if (n < capacity) {
            out[n] = { type, use.model, use.context, use.compute };
        }
        n++;
    }
    return n;
}

}
