//! The functions that came after the 470 branch.

use std::ffi::c_uint;

use crate::calls::{Device, INSUFFICIENT_SIZE, of_card};

/// `NVML_ERROR_ARGUMENT_VERSION_MISMATCH`
const VERSION_MISMATCH: c_uint = 25;

/// `nvmlMemory_v2_t`
#[repr(C)]
pub struct Memory {
    version: c_uint,
    total: u64,
    reserved: u64,
    free: u64,
    used: u64,
}

/// `nvmlProcessInfo_t`
#[repr(C)]
pub struct ProcessInfo {
    pid: c_uint,
    used_gpu_memory: u64,
    gpu_instance_id: c_uint,
    compute_instance_id: c_uint,
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(device: Device, memory: *mut Memory) -> c_uint {
    of_card("nvmlDeviceGetMemoryInfo_v2", device, |card| {
        // SAFETY: the caller gives this struct; the driver too checks its version before it writes.
        let version = unsafe { (*memory).version };
        if version as usize != (size_of::<Memory>() | 2 << 24) {
            return Err(VERSION_MISMATCH);
        }
        let used = card.total_bytes.saturating_sub(card.free_bytes);
        let filled = Memory { version, total: card.total_bytes, reserved: 0, free: card.free_bytes, used };
        // SAFETY: as above.
        unsafe { memory.write(filled) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryBusWidth(device: Device, bits: *mut c_uint) -> c_uint {
    of_card("nvmlDeviceGetMemoryBusWidth", device, |card| {
        // SAFETY: the caller gives a number to write to.
        unsafe { *bits = card.bus_width };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetComputeRunningProcesses_v3(
    device: Device,
    count: *mut c_uint,
    infos: *mut ProcessInfo,
) -> c_uint {
    of_card("nvmlDeviceGetComputeRunningProcesses_v3", device, |card| {
        // SAFETY: the caller gives a number, and so many structs, or none.
        unsafe { list(&card.computing, count, infos) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetGraphicsRunningProcesses_v3(
    device: Device,
    count: *mut c_uint,
    infos: *mut ProcessInfo,
) -> c_uint {
    of_card("nvmlDeviceGetGraphicsRunningProcesses_v3", device, |card| {
        // SAFETY: the caller gives a number, and so many structs, or none.
        unsafe { list(&card.drawing, count, infos) }
    })
}

/// Writes the processes, or only how many there are if there is no room for all.
///
/// # Safety
/// `count` must be valid, and `infos` have so many places.
unsafe fn list(processes: &[(u32, u64)], count: *mut c_uint, infos: *mut ProcessInfo) -> Result<(), c_uint> {
    // SAFETY: the caller says that it is valid.
    let room = unsafe { count.replace(processes.len() as c_uint) } as usize;
    if room < processes.len() {
        return Err(INSUFFICIENT_SIZE);
    }
    for (place, (pid, bytes)) in processes.iter().enumerate() {
        // Without MIG, both instances are "none".
        let info = ProcessInfo {
            pid: *pid,
            used_gpu_memory: *bytes,
            gpu_instance_id: c_uint::MAX,
            compute_instance_id: c_uint::MAX,
        };
        // SAFETY: there is room for all of them, as was just checked.
        unsafe { infos.add(place).write(info) };
    }
    Ok(())
}
