//! llama.cpp's log: everything goes to standard error, where the app keeps the last lines, and errors are also kept
//! here, because a failed load returns nothing but null and only the log knows why.

use std::{
    ffi::{CStr, c_char, c_void},
    io::Write,
    sync::Mutex,
};

use llama_cpp_sys_2 as sys;

/// Kept error lines; older ones are forgotten.
const KEPT_LINES: usize = 32;

struct Errors {
    lines: Vec<String>,
    /// How many lines there have been, forgotten ones included.
    count: usize,
    last_level: sys::ggml_log_level,
}

static ERRORS: Mutex<Errors> = Mutex::new(Errors { lines: Vec::new(), count: 0, last_level: 0 });

/// Hears every line while there is one.
type Listener = Box<dyn Fn(&str) + Send>;

static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

/// Do `work`, and have every line that is logged meanwhile heard by `listener`.
pub(crate) fn watch<T>(listener: impl Fn(&str) + Send + 'static, work: impl FnOnce() -> T) -> T {
    let set = |listener: Option<Listener>| {
        if let Ok(mut slot) = LISTENER.lock() {
            *slot = listener;
        }
    };
    set(Some(Box::new(listener)));
    let result = work();
    set(None);
    result
}

/// Take llama.cpp's and ggml's log lines from now on.
pub(crate) fn capture() {
    // SAFETY: the callback is a function for ever and uses no user data.
    unsafe {
        sys::llama_log_set(Some(on_line), std::ptr::null_mut());
        sys::ggml_log_set(Some(on_line), std::ptr::null_mut());
    }
}

/// A place in the log, for [`errors_since`].
pub(crate) fn mark() -> usize {
    ERRORS.lock().map_or(0, |errors| errors.count)
}

/// The error lines since a [`mark`], oldest first.
pub(crate) fn errors_since(mark: usize) -> Vec<String> {
    ERRORS.lock().map_or_else(
        |_| Vec::new(),
        |errors| {
            let new = (errors.count - mark).min(errors.lines.len());
            errors.lines[errors.lines.len() - new..].to_vec()
        },
    )
}

extern "C" fn on_line(level: sys::ggml_log_level, text: *const c_char, _user_data: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: llama.cpp hands in a string with its end, valid for this call.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    // Standard error may be closed when the app is gone; there is nobody to tell then.
    let _unheard = std::io::stderr().write_all(text.as_bytes());
    if let Ok(listener) = LISTENER.lock()
        && let Some(listener) = listener.as_ref()
    {
        listener(&text);
    }
    let Ok(mut errors) = ERRORS.lock() else { return };
    if level == sys::GGML_LOG_LEVEL_CONT {
        if errors.last_level == sys::GGML_LOG_LEVEL_ERROR
            && let Some(line) = errors.lines.last_mut()
        {
            line.push_str(text.trim_end());
        }
        return;
    }
    errors.last_level = level;
    if level == sys::GGML_LOG_LEVEL_ERROR {
        if errors.lines.len() == KEPT_LINES {
            errors.lines.remove(0);
        }
        errors.lines.push(text.trim_end().to_owned());
        errors.count += 1;
    }
}
