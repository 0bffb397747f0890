//! Where this library was loaded from.

use std::path::PathBuf;

/// The library's own file.
#[cfg(unix)]
pub fn library() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;

    let own_function: fn() -> Option<PathBuf> = library;
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: dladdr only looks the address up, and writes to `info`, which is large enough.
    let found = unsafe { libc::dladdr(own_function as *const libc::c_void, info.as_mut_ptr()) };
    if found == 0 {
        return None;
    }
    // SAFETY: zeroes are valid for this struct of pointers, and dladdr has filled it in.
    let info = unsafe { info.assume_init() };
    if info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: dladdr gives a string that lives as long as the library is loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}

/// The library's own file.
#[cfg(windows)]
pub fn library() -> Option<PathBuf> {
    use std::ffi::{OsString, c_void};
    use std::os::windows::ffi::OsStringExt;
    use std::ptr;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
        fn GetModuleFileNameW(module: *mut c_void, name: *mut u16, length: u32) -> u32;
    }
    /// `GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT`
    const BY_ADDRESS: u32 = 4 | 2;

    let own_function: fn() -> Option<PathBuf> = library;
    let mut module = ptr::null_mut();
    // SAFETY: with these flags the address is only looked up; `module` can be written to.
    if unsafe { GetModuleHandleExW(BY_ADDRESS, own_function as *const c_void, &mut module) } == 0 {
        return None;
    }
    let mut name = [0_u16; 1024];
    // SAFETY: `name` has as many units as said.
    let length = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), 1024) } as usize;
    (0 < length && length < name.len()).then(|| PathBuf::from(OsString::from_wide(&name[..length])))
}
