//! What a load would need, and what is free: the figures of each step.

use paddock_engine_api::{
    DeathCause, EngineError,
    protocol::{BufferUse, FailureCode, Inspected, LoadParams},
};
use paddock_hardware::Hardware;

use crate::view::{LoadedModel, ShortOf};

/// Needed and free of one memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) needed_bytes: u64,
    pub(super) free_bytes: u64,
}

impl Room {
    pub(super) fn is_enough(self) -> bool {
        self.needed_bytes <= self.free_bytes
    }
}

/// Counts as free what a loaded model holds and gives back first.
pub(super) fn free(hardware: &mut Hardware, current: &LoadedModel) {
    for held in &current.buffers {
        let bytes = held.kv_bytes + held.compute_bytes;
        if let Some(gpu) = hardware.gpus.iter_mut().find(|gpu| gpu.engine_device.as_deref() == Some(&held.device)) {
            gpu.free_bytes = gpu.free_bytes.map(|free| free.saturating_add(bytes + held.weights_bytes));
        } else if let Some(free) = &mut hardware.memory.available_bytes {
            // Weights are mapped, mostly: what is mapped counts as available already.
            *free = free.saturating_add(bytes);
        }
    }
}

/// What is needed of the memory that was short, by what llama.cpp says that it would allocate.
pub(super) fn room(
    inspected: &Inspected,
    params: &LoadParams,
    hardware: &Hardware,
    limit: Option<u64>,
    of: ShortOf,
) -> Option<Room> {
    let on_gpu = |buffer: &BufferUse| {
        hardware.gpus.iter().any(|gpu| gpu.engine_device.as_deref() == Some(buffer.device.as_str()))
    };
    match of {
        ShortOf::Gpu => hardware
            .gpus
            .iter()
            .filter_map(|gpu| {
                let free_bytes = gpu.free_bytes?;
                let on_it =
                    inspected.buffers.iter().filter(|buffer| gpu.engine_device.as_deref() == Some(&buffer.device));
                let needed_bytes = on_it.map(all_bytes).sum();
                Some(Room { needed_bytes, free_bytes })
            })
            .max_by_key(|room| room.needed_bytes.saturating_sub(room.free_bytes)),
        ShortOf::Ram => {
            let in_ram = inspected.buffers.iter().filter(|buffer| !on_gpu(buffer));
            let needed_bytes = in_ram
                .map(|buffer| {
                    // What is mapped can be dropped and read again.
                    let mapped = params.use_mmap && !params.use_mlock && !buffer.buffer_type.contains("REPACK");
                    if mapped { buffer.kv_bytes + buffer.compute_bytes } else { all_bytes(buffer) }
                })
                .sum();
            let free = hardware.memory.available_bytes.or(hardware.memory.total_bytes);
            let free_bytes = match (free, limit) {
                (Some(free), Some(limit)) => free.min(limit),
                (free, limit) => free.or(limit)?,
            };
            Some(Room { needed_bytes, free_bytes })
        }
    }
}

fn all_bytes(buffer: &BufferUse) -> u64 {
    buffer.weights_bytes + buffer.kv_bytes + buffer.compute_bytes
}

/// How a shell or a service manager reports a process that was ended by SIGKILL: 128 + 9.
const EXIT_OF_KILLED: i32 = 137;
/// What a dying engine says when it was memory that it could not get.
const NO_MEMORY_WORDS: [&str; 4] =
    ["std::bad_alloc", "memory allocation of", "failed to allocate", "unable to allocate"];
/// What ggml calls main memory in messages about buffers (`ggml_backend_cpu_buffer_type_get_name` and its kin).
const CPU_WORDS: [&str; 2] = ["allocate CPU", "CPU_REPACK"];

/// Whether somebody ended the process: the system for its memory, or anybody else.
pub(super) fn is_killed(error: &EngineError) -> bool {
    matches!(error, EngineError::Died(death) if matches!(death.cause, DeathCause::Killed | DeathCause::Exited(EXIT_OF_KILLED)))
}

/// Which memory a load fell short of; `None`: it failed for another reason.
pub(super) fn short_of(error: &EngineError, layers_on_gpu: bool) -> Option<ShortOf> {
    let by_words = |words: &str| {
        if !layers_on_gpu || CPU_WORDS.iter().any(|word| words.contains(word)) { ShortOf::Ram } else { ShortOf::Gpu }
    };
    match error {
        EngineError::Failed(failure) => {
            let words = failure.details.as_deref().unwrap_or_default();
            let at_warm_up = failure.code == FailureCode::DecodeFailed
                && (words.contains("out of memory") || NO_MEMORY_WORDS.iter().any(|word| words.contains(word)));
            (failure.code == FailureCode::OutOfMemory || at_warm_up).then(|| by_words(words))
        }
        EngineError::Died(death) => match death.cause {
            _ if is_killed(error) => Some(ShortOf::Ram),
            DeathCause::GpuOutOfMemory => Some(ShortOf::Gpu),
            _ => {
                NO_MEMORY_WORDS.iter().any(|word| death.last_words.contains(word)).then(|| by_words(&death.last_words))
            }
        },
        EngineError::Spawn(_) | EngineError::Parking(_) | EngineError::ShutDown => None,
    }
}
