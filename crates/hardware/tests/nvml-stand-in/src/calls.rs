//! The functions that every driver has. Names, types and errors are nvml.h's.

use std::ffi::{c_char, c_int, c_uint, c_void};

use crate::profile::{Card, Profile, UNKNOWN_ERROR, profile};

/// `nvmlReturn_t`, as far as needed.
type Return = c_uint;
const SUCCESS: Return = 0;
const INVALID_ARGUMENT: Return = 2;
const NOT_FOUND: Return = 6;
pub const INSUFFICIENT_SIZE: Return = 7;

/// `nvmlClockType_t`: the memory's.
const CLOCK_MEM: c_uint = 2;

/// `nvmlPciInfo_t`
#[repr(C)]
pub struct PciInfo {
    bus_id_legacy: [c_char; 16],
    domain: c_uint,
    bus: c_uint,
    device: c_uint,
    pci_device_id: c_uint,
    pci_sub_system_id: c_uint,
    bus_id: [c_char; 32],
}

/// A card is handed out as its place in the profile, plus one.
pub type Device = *mut c_void;

/// Runs a function of the driver.
fn of_driver(call: &str, answer: impl FnOnce(&Profile) -> Result<(), Return>) -> Return {
    let Some(profile) = profile() else { return UNKNOWN_ERROR };
    profile.may_fail(call).and_then(|()| answer(profile)).err().unwrap_or(SUCCESS)
}

/// Runs a function of a card.
pub fn of_card(call: &str, device: Device, answer: impl FnOnce(&Card) -> Result<(), Return>) -> Return {
    let card = profile().and_then(|profile| profile.cards.get((device as usize).checked_sub(1)?));
    let Some(card) = card else { return INVALID_ARGUMENT };
    card.may_fail(call).and_then(|()| answer(card)).err().unwrap_or(SUCCESS)
}

/// Writes a text for C.
///
/// # Safety
/// `to` must have `length` bytes.
unsafe fn write_text(text: &str, to: *mut c_char, length: c_uint) -> Result<(), Return> {
    if text.len() >= length as usize {
        return Err(INSUFFICIENT_SIZE);
    }
    // SAFETY: the text and its end fit, as was just checked; the caller says that there is so much room.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), to, text.len());
        *to.add(text.len()) = 0;
    }
    Ok(())
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> Return {
    of_driver("nvmlInit_v2", |_| Ok(()))
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlShutdown() -> Return {
    of_driver("nvmlShutdown", |_| Ok(()))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetDriverVersion(version: *mut c_char, length: c_uint) -> Return {
    // SAFETY: the caller gives a buffer of this length.
    of_driver("nvmlSystemGetDriverVersion", |profile| unsafe { write_text(&profile.driver, version, length) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetCudaDriverVersion_v2(version: *mut c_int) -> Return {
    of_driver("nvmlSystemGetCudaDriverVersion_v2", |profile| {
        // SAFETY: the caller gives a number to write to.
        unsafe { *version = profile.cuda };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetProcessName(pid: c_uint, name: *mut c_char, length: c_uint) -> Return {
    of_driver("nvmlSystemGetProcessName", |profile| {
        let (_, program) = profile.programs.iter().find(|(known, _)| *known == pid).ok_or(NOT_FOUND)?;
        // SAFETY: the caller gives a buffer of this length.
        unsafe { write_text(program, name, length) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(count: *mut c_uint) -> Return {
    of_driver("nvmlDeviceGetCount_v2", |profile| {
        // SAFETY: the caller gives a number to write to.
        unsafe { *count = profile.cards.len() as c_uint };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, device: *mut Device) -> Return {
    let handle = (index as usize + 1) as Device;
    of_card("nvmlDeviceGetHandleByIndex_v2", handle, |_| {
        // SAFETY: the caller gives a handle to write to.
        unsafe { *device = handle };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetName(device: Device, name: *mut c_char, length: c_uint) -> Return {
    // SAFETY: the caller gives a buffer of this length.
    of_card("nvmlDeviceGetName", device, |card| unsafe { write_text(&card.name, name, length) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(device: Device, pci: *mut PciInfo) -> Return {
    of_card("nvmlDeviceGetPciInfo_v3", device, |card| {
        // SAFETY: the caller gives a struct to write to, with 32 bytes for this text.
        unsafe { write_text(&card.pci, (&raw mut (*pci).bus_id).cast(), 32) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMaxClockInfo(device: Device, clock: c_uint, mhz: *mut c_uint) -> Return {
    of_card("nvmlDeviceGetMaxClockInfo", device, |card| {
        if clock != CLOCK_MEM {
            return Err(INVALID_ARGUMENT);
        }
        // SAFETY: the caller gives a number to write to.
        unsafe { *mhz = card.memory_clock };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCudaComputeCapability(
    device: Device,
    major: *mut c_int,
    minor: *mut c_int,
) -> Return {
    of_card("nvmlDeviceGetCudaComputeCapability", device, |card| {
        // SAFETY: the caller gives two numbers to write to.
        unsafe { (*major, *minor) = card.compute_capability };
        Ok(())
    })
}
