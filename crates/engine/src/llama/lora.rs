//! LoRA adapters: small files that change what a model says.

use std::{
    ffi::CString,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use llama_cpp_sys_2 as sys;
use paddock_engine_api::protocol::BufferUse;

use super::{Context, watch_log};

impl Context {
    /// Use these adapters, each with its scale, in everything that is computed from now on, and tell what they take.
    /// The error is the number of the first one that could not be loaded; the log knows why. They are freed with the
    /// model.
    pub(crate) fn use_adapters(&mut self, adapters: &[(&Path, f32)]) -> Result<Vec<BufferUse>, usize> {
        if adapters.is_empty() {
            return Ok(Vec::new());
        }
        let taken = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&taken);
        let listener = move |line: &str| {
            if let Some(buffer) = buffer_in(line) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
            }
        };
        let load = |(index, (path, _)): (usize, &(&Path, f32))| self.load_adapter(path).ok_or(index);
        let mut loaded: Vec<*mut sys::llama_adapter_lora> =
            watch_log(listener, || adapters.iter().enumerate().map(load).collect::<Result<_, usize>>())?;
        let mut scales: Vec<f32> = adapters.iter().map(|(_, scale)| *scale).collect();
        // SAFETY: both arrays have `loaded.len()` entries, which the call copies; the adapters live as long as the model,
        // which the context keeps alive.
        unsafe {
            sys::llama_set_adapters_lora(self.as_ptr(), loaded.as_mut_ptr(), loaded.len(), scales.as_mut_ptr());
        }
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut *taken))
    }

    fn load_adapter(&self, path: &Path) -> Option<*mut sys::llama_adapter_lora> {
        let path = CString::new(path.to_str()?).ok()?;
        // SAFETY: the model is valid, its weights are loaded, and nothing else uses it yet; the name has its end.
        let adapter = unsafe { sys::llama_adapter_lora_init(self.model().as_ptr(), path.as_ptr()) };
        (!adapter.is_null()).then_some(adapter)
    }
}

/// `llama_adapter_lora_init_impl:        CPU LoRA buffer size =     0.50 MiB` (llama-adapter.cpp); llama.cpp tells it
/// nowhere else.
fn buffer_in(line: &str) -> Option<BufferUse> {
    let (before, size) = line.split_once(" LoRA buffer size = ")?;
    let name = before.rsplit(':').next()?.trim();
    let mib: f64 = size.trim().strip_suffix("MiB")?.trim().parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "told to a hundredth of a MiB")]
    let weights_bytes = (mib * f64::from(1 << 20)) as u64;
    Some(BufferUse {
        device: name.into(),
        buffer_type: format!("{name} LoRA"),
        weights_bytes,
        kv_bytes: 0,
        compute_bytes: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_adapter_takes_is_read_from_the_line_that_says_it() {
        let line = "llama_adapter_lora_init_impl:        CPU LoRA buffer size =     2.50 MiB\n";
        let found = buffer_in(line).map(|buffer| (buffer.device, buffer.weights_bytes));
        assert_eq!(found, Some(("CPU".into(), 2_621_440)));
        assert_eq!(buffer_in("llama_adapter_lora_init_impl: loaded 2 tensors from lora file"), None);
    }
}
