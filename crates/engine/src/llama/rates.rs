//! How fast a device gets through weights when it multiplies them with one vector, which is what writing a token is:
//! ggml's own kernels, on matrices in the same kind of memory that a load would choose for them.

use std::{
    ffi::c_void,
    ptr::NonNull,
    time::{Duration, Instant},
};

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_sys_2 as sys;

use super::text_of;

/// A format that weights can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WeightFormat {
    F16,
    Q8_0,
    Q4K,
    Iq3S,
}

/// Values in a row of the matrices: the width of an 8B model, half of a 70B's.
const ROW_VALUES: i64 = 4096;
/// Rows: between those of an 8B model's attention and of its feed-forward part.
const ROWS: i64 = 8192;
/// All matrices together, at least: more than the caches of nearly all computers hold, so that they come from memory,
/// as those of a real model do.
const WEIGHTS_BYTES: usize = 256 << 20;
/// Runs that count, at least, however long one takes.
const MIN_RUNS: u32 = 2;

/// What a measurement takes in a device's memory, in bytes: the weights of one format, up to one matrix more than asked
/// for (64 MiB of F16), and room for what a backend allocates for itself.
pub(crate) const MEASUREMENT_BYTES: u64 = WEIGHTS_BYTES as u64 + (256 << 20);

/// A device that can hold weights and multiply them.
#[derive(Clone, Copy)]
pub(crate) struct ComputeDevice {
    device: sys::ggml_backend_dev_t,
    pub(crate) is_cpu: bool,
}

impl ComputeDevice {
    /// All of them, in ggml's order. Helpers that hold no weights of their own (BLAS) are not among them.
    pub(crate) fn all(_backend: &LlamaBackend) -> Vec<Self> {
        // SAFETY: the backend is initialised, as `_backend` proves; from then on the list of devices is only read.
        let count = unsafe { sys::ggml_backend_dev_count() };
        let kinds = (0..count).map(|index| {
            // SAFETY: as above, and the index is one of the list's. Devices live as long as the process.
            unsafe {
                let device = sys::ggml_backend_dev_get(index);
                (device, sys::ggml_backend_dev_type(device))
            }
        });
        kinds
            .filter_map(|(device, kind)| match kind {
                sys::GGML_BACKEND_DEVICE_TYPE_CPU => Some(Self { device, is_cpu: true }),
                sys::GGML_BACKEND_DEVICE_TYPE_GPU | sys::GGML_BACKEND_DEVICE_TYPE_IGPU => {
                    Some(Self { device, is_cpu: false })
                }
                _ => None,
            })
            .collect()
    }

    /// ggml's name.
    pub(crate) fn name(self) -> String {
        // SAFETY: a device of the list; its name lives as long.
        unsafe { text_of(sys::ggml_backend_dev_name(self.device)) }.unwrap_or_default()
    }

    /// Its free memory in bytes; `None`: it cannot tell.
    pub(crate) fn free_bytes(self) -> Option<u64> {
        let (mut free, mut total) = (0, 0);
        // SAFETY: a device of the list; both numbers outlive the call.
        unsafe { sys::ggml_backend_dev_memory(self.device, &raw mut free, &raw mut total) };
        (total > 0).then_some(free as u64)
    }

    /// Where a load would put such weights if they are to be on this device.
    fn weights_buffer_type(self, product: Product) -> sys::ggml_backend_buffer_type_t {
        // SAFETY: a device of the list.
        let own = unsafe { sys::ggml_backend_dev_buffer_type(self.device) };
        if !self.is_cpu {
            return own;
        }
        // `make_cpu_buft_list` in llama-model.cpp: a card's host buffers go before the processor's extra ones, and
        // where the file is mapped the mapping takes their place (`create_tensor` in llama-model-loader.cpp).
        for index in 0.. {
            // SAFETY: the index is below the count; all else are devices of the list and buffer types that live as
            // long as the process.
            unsafe {
                if index == sys::ggml_backend_dev_count() {
                    break;
                }
                let device = sys::ggml_backend_dev_get(index);
                let kind = sys::ggml_backend_dev_type(device);
                if matches!(kind, sys::GGML_BACKEND_DEVICE_TYPE_GPU | sys::GGML_BACKEND_DEVICE_TYPE_IGPU) {
                    let host = sys::ggml_backend_dev_host_buffer_type(device);
                    if !host.is_null() {
                        if product.is_supported(device, host) {
                            return own;
                        }
                        break;
                    }
                }
            }
        }
        self.extra_buffer_types().into_iter().find(|&extra| product.is_supported(self.device, extra)).unwrap_or(own)
    }

    /// The processor's buffer types in which weights are rearranged for its instructions.
    fn extra_buffer_types(self) -> Vec<sys::ggml_backend_buffer_type_t> {
        // SAFETY: a device of the list; the function behind this name has this type (ggml-backend.h), and the list it
        // returns is null or ends with a null.
        unsafe {
            let Some(function) = self.function(c"ggml_backend_dev_get_extra_bufts") else { return Vec::new() };
            let Some(extra_types) =
                std::mem::transmute::<*mut c_void, sys::ggml_backend_dev_get_extra_bufts_t>(function.as_ptr())
            else {
                return Vec::new();
            };
            let mut next = extra_types(self.device);
            let mut types = Vec::new();
            while !next.is_null() && !(*next).is_null() {
                types.push(*next);
                next = next.add(1);
            }
            types
        }
    }

    /// A function of its backend that has no place in ggml's interface.
    fn function(self, name: &std::ffi::CStr) -> Option<NonNull<c_void>> {
        // SAFETY: a device of the list has a registry; the name has its end.
        NonNull::new(unsafe {
            sys::ggml_backend_reg_get_proc_address(sys::ggml_backend_dev_backend_reg(self.device), name.as_ptr())
        })
    }
}

/// Something of ggml's that is freed when dropped.
struct Owned<T> {
    ptr: NonNull<T>,
    free: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    fn new(ptr: *mut T, free: unsafe extern "C" fn(*mut T)) -> Option<Self> {
        Some(Self { ptr: NonNull::new(ptr)?, free })
    }

    fn as_ptr(&self) -> *mut T {
        self.ptr.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the only owner, and `free` is the function that ggml has for this.
        unsafe { (self.free)(self.ptr.as_ptr()) };
    }
}

/// A context for the descriptions of `tensors` tensors and a graph of as many nodes, without their data.
fn descriptions(tensors: usize) -> Option<Owned<sys::ggml_context>> {
    // SAFETY: plain functions; ggml allocates what it is asked for.
    unsafe {
        let mem_size = tensors * sys::ggml_tensor_overhead() + sys::ggml_graph_overhead_custom(tensors, false);
        let params = sys::ggml_init_params { mem_size, mem_buffer: std::ptr::null_mut(), no_alloc: true };
        Owned::new(sys::ggml_init(params), sys::ggml_free)
    }
}

/// The product of a matrix and a vector, as a description.
#[derive(Clone, Copy)]
struct Product {
    matrix: *mut sys::ggml_tensor,
    result: *mut sys::ggml_tensor,
}

impl Product {
    /// Whether the device can compute it with the matrix in such a buffer (`weight_buft_supported` in
    /// llama-model-loader.cpp).
    fn is_supported(self, device: sys::ggml_backend_dev_t, buffer_type: sys::ggml_backend_buffer_type_t) -> bool {
        // SAFETY: the descriptions are alive while a measurement is prepared; a buffer of no size is a mere description
        // too, and is taken from the matrix again before it is freed.
        unsafe {
            let buffer = sys::ggml_backend_buft_alloc_buffer(buffer_type, 0);
            (*self.matrix).buffer = buffer;
            let supported = sys::ggml_backend_dev_supports_op(device, self.result);
            (*self.matrix).buffer = std::ptr::null_mut();
            sys::ggml_backend_buffer_free(buffer);
            supported
        }
    }
}

/// Matrices of one format on one device, ready to be multiplied. Its parts are freed in this order.
pub(crate) struct Measurement {
    _vectors: Owned<sys::ggml_backend_buffer>,
    _weights: Owned<sys::ggml_backend_buffer>,
    graph: *mut sys::ggml_cgraph,
    _vector_descriptions: Owned<sys::ggml_context>,
    _weight_descriptions: Owned<sys::ggml_context>,
    backend: Owned<sys::ggml_backend>,
    weights_bytes: usize,
}

impl Measurement {
    /// Allocate and fill. `None`: the device has no kernel for this format, or no room.
    pub(crate) fn new(device: ComputeDevice, format: WeightFormat, n_threads: u32) -> Option<Self> {
        let matrix_bytes = format.matrix_bytes();
        let count = WEIGHTS_BYTES.div_ceil(matrix_bytes);
        // SAFETY: all pointers are checked where they can be null, and alive as long as their owners, which live here;
        // tensors get data before anything computes with them. A graph is part of its context.
        unsafe {
            let backend = Owned::new(
                sys::ggml_backend_dev_init(device.device, std::ptr::null()),
                sys::ggml_backend_free as unsafe extern "C" fn(*mut sys::ggml_backend),
            )?;
            set_threads(device, &backend, n_threads);
            let weight_descriptions = descriptions(count)?;
            let vector_descriptions = descriptions(count + 1)?;
            let (of_weights, of_vectors) = (weight_descriptions.as_ptr(), vector_descriptions.as_ptr());
            let vector = sys::ggml_new_tensor_2d(of_vectors, sys::GGML_TYPE_F32, ROW_VALUES, 1);
            // The matrices and the vector count as nodes that nothing computes, and have as much room as the results.
            let graph = sys::ggml_new_graph_custom(of_vectors, count + 1, false);
            let products: Vec<Product> = (0..count)
                .map(|_| {
                    let matrix = sys::ggml_new_tensor_2d(of_weights, format.ggml_type(), ROW_VALUES, ROWS);
                    let result = sys::ggml_mul_mat(of_vectors, matrix, vector);
                    sys::ggml_build_forward_expand(graph, result);
                    Product { matrix, result }
                })
                .collect();
            let buffer_type = device.weights_buffer_type(*products.first()?);
            if !products.first()?.is_supported(device.device, buffer_type) {
                return None;
            }
            let free_buffer = sys::ggml_backend_buffer_free as unsafe extern "C" fn(*mut sys::ggml_backend_buffer);
            let weights =
                Owned::new(sys::ggml_backend_alloc_ctx_tensors_from_buft(of_weights, buffer_type), free_buffer)?;
            sys::ggml_backend_buffer_set_usage(weights.as_ptr(), sys::GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
            let vectors = Owned::new(sys::ggml_backend_alloc_ctx_tensors(of_vectors, backend.as_ptr()), free_buffer)?;
            let values = vector_values();
            sys::ggml_backend_tensor_set(vector, values.as_ptr().cast(), 0, size_of_val(values.as_slice()));
            let bytes = format.matrix();
            for product in &products {
                sys::ggml_backend_tensor_set(product.matrix, bytes.as_ptr().cast(), 0, bytes.len());
            }
            Some(Self {
                _vectors: vectors,
                _weights: weights,
                graph,
                _vector_descriptions: vector_descriptions,
                _weight_descriptions: weight_descriptions,
                backend,
                weights_bytes: count * matrix_bytes,
            })
        }
    }

    /// Multiply all matrices again and again, for about as long as `limit` says, and take the best run: GB of weights
    /// per second. `None`: the device reported an error, or `go_on`, which is asked before every run, said no.
    pub(crate) fn best_gb_s(&mut self, limit: Duration, mut go_on: impl FnMut() -> bool) -> Option<f64> {
        let mut best = f64::INFINITY;
        let mut runs = 0;
        let mut started = Instant::now();
        while runs <= MIN_RUNS || started.elapsed() < limit {
            if !go_on() {
                return None;
            }
            let run_started = Instant::now();
            // SAFETY: the graph and everything in it belong to `self` and have their data.
            let status = unsafe { sys::ggml_backend_graph_compute(self.backend.as_ptr(), self.graph) };
            if status != sys::GGML_STATUS_SUCCESS {
                return None;
            }
            // The first run is for the backend to get ready: threads, shaders, clocks.
            if runs == 0 {
                started = Instant::now();
            } else {
                best = best.min(run_started.elapsed().as_secs_f64());
            }
            runs += 1;
        }
        Some(self.weights_bytes as f64 / best / 1e9)
    }
}

/// On a processor, compute with so many threads.
///
/// # Safety
/// The backend is one of the device.
unsafe fn set_threads(device: ComputeDevice, backend: &Owned<sys::ggml_backend>, n_threads: u32) {
    let Some(function) = device.function(c"ggml_backend_set_n_threads") else { return };
    // SAFETY: the function behind this name has this type (ggml-backend.h).
    let set = unsafe { std::mem::transmute::<*mut c_void, sys::ggml_backend_set_n_threads_t>(function.as_ptr()) };
    if let Some(set) = set {
        // SAFETY: the caller's promise.
        unsafe { set(backend.as_ptr(), i32::try_from(n_threads).unwrap_or(i32::MAX)) };
    }
}

impl WeightFormat {
    fn ggml_type(self) -> sys::ggml_type {
        match self {
            Self::F16 => sys::GGML_TYPE_F16,
            Self::Q8_0 => sys::GGML_TYPE_Q8_0,
            Self::Q4K => sys::GGML_TYPE_Q4_K,
            Self::Iq3S => sys::GGML_TYPE_IQ3_S,
        }
    }

    /// Bytes of a block, and the places of its 16-bit scales in it (`block_*` in ggml-common.h).
    fn block(self) -> (usize, &'static [usize]) {
        match self {
            Self::F16 => (2, &[0]),
            Self::Q8_0 => (34, &[0]),
            Self::Q4K => (144, &[0, 2]),
            Self::Iq3S => (110, &[0]),
        }
    }

    fn matrix_bytes(self) -> usize {
        // SAFETY: a plain function of a type that exists.
        let row = unsafe { sys::ggml_row_size(self.ggml_type(), ROW_VALUES) };
        row * ROWS as usize
    }

    /// A matrix of arbitrary numbers of ordinary size. Any bytes are valid in any block but for its scales, which must
    /// be neither infinite nor so small that the processor takes its slow way.
    fn matrix(self) -> Vec<u8> {
        const BLOCKS: usize = 1021;
        let (block_bytes, scales) = self.block();
        let mut random = Random(1);
        let mut pattern: Vec<u8> = (0..BLOCKS * block_bytes).map(|_| random.next().to_le_bytes()[7]).collect();
        for block in pattern.chunks_exact_mut(block_bytes) {
            for &place in scales {
                // Half precision: any sign and digits, and the exponent of 2⁻⁶.
                block[place + 1] = block[place + 1] & 0x83 | 0x24;
            }
        }
        let mut bytes = Vec::with_capacity(self.matrix_bytes());
        while bytes.len() < self.matrix_bytes() {
            let more = pattern.len().min(self.matrix_bytes() - bytes.len());
            bytes.extend_from_slice(&pattern[..more]);
        }
        bytes
    }
}

/// The vector: numbers between −1 and 1.
fn vector_values() -> Vec<f32> {
    let mut random = Random(2);
    (0..ROW_VALUES).map(|_| (random.next() >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
