//! Which weights matter more: the importance matrix that llama.cpp's `imatrix` writes, in GGUF.

use std::{
    collections::BTreeMap,
    ffi::{CStr, CString},
    path::Path,
    ptr, slice,
};

use llama_cpp_sys_2 as sys;

/// The mean square of every input of every matrix.
pub(crate) struct Importance {
    matrices: Vec<(CString, Vec<f32>)>,
}

/// Sums of squares, and over how many tokens; the two tensors of one matrix.
#[derive(Default)]
struct Sums {
    squares: Vec<f32>,
    counts: Vec<f32>,
}

impl Importance {
    /// `None`: the file is not an importance matrix, or cannot be read.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let path = CString::new(path.to_str()?).ok()?;
        let mut context = ptr::null_mut();
        let params = sys::gguf_init_params { no_alloc: false, ctx: &raw mut context };
        // SAFETY: the name has its end; `context` is written before the call returns and freed below. A broken file
        // gives null.
        let file = unsafe { sys::gguf_init_from_file(path.as_ptr(), params) };
        if file.is_null() {
            return None;
        }
        let sums = sums_in(context);
        // SAFETY: both are this function's own, and nothing of them is used any more.
        unsafe {
            sys::gguf_free(file);
            sys::ggml_free(context);
        }
        let matrices: Vec<(CString, Vec<f32>)> = sums?
            .into_iter()
            .map(|(name, sums)| Some((CString::new(name).ok()?, sums.means()?)))
            .collect::<Option<_>>()?;
        (!matrices.is_empty()).then_some(Self { matrices })
    }

    /// As llama.cpp takes them: the last one has no name. They point into `self`.
    pub(super) fn entries(&self) -> Vec<sys::llama_model_imatrix_data> {
        let entry = |(name, means): &(CString, Vec<f32>)| sys::llama_model_imatrix_data {
            name: name.as_ptr(),
            data: means.as_ptr(),
            size: means.len(),
        };
        let end = sys::llama_model_imatrix_data { name: ptr::null(), data: ptr::null(), size: 0 };
        self.matrices.iter().map(entry).chain([end]).collect()
    }
}

impl Sums {
    /// Where an expert was never chosen, all its weights matter alike (`load_imatrix` in llama.cpp's tools/quantize).
    fn means(&self) -> Option<Vec<f32>> {
        let len = self.squares.len().checked_div(self.counts.len())?;
        if len == 0 || len * self.counts.len() != self.squares.len() {
            return None;
        }
        let mean = |(part, count): (&[f32], &f32)| -> Vec<f32> {
            part.iter().map(|sum| if *count > 0.0 { sum / count } else { 1.0 }).collect()
        };
        let means: Vec<f32> = self.squares.chunks(len).zip(&self.counts).flat_map(mean).collect();
        means.iter().all(|mean| mean.is_finite()).then_some(means)
    }
}

/// `None`: a tensor is not of numbers.
fn sums_in(context: *mut sys::ggml_context) -> Option<BTreeMap<String, Sums>> {
    let mut all = BTreeMap::<String, Sums>::new();
    // SAFETY: the context is valid, as are its tensors while it is; so for all calls below.
    let mut tensor = unsafe { sys::ggml_get_first_tensor(context) };
    while !tensor.is_null() {
        // SAFETY: a tensor's name has its end.
        let name = unsafe { CStr::from_ptr(sys::ggml_get_name(tensor)) }.to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".in_sum2") {
            all.entry(name.to_owned()).or_default().squares = floats(tensor)?;
        } else if let Some(name) = name.strip_suffix(".counts") {
            all.entry(name.to_owned()).or_default().counts = floats(tensor)?;
        }
        // SAFETY: as above.
        tensor = unsafe { sys::ggml_get_next_tensor(context, tensor) };
    }
    Some(all)
}

fn floats(tensor: *const sys::ggml_tensor) -> Option<Vec<f32>> {
    // SAFETY: the tensor is valid; its data, which was read with it, has as many floats as it says if it is of them.
    unsafe {
        let data = sys::ggml_get_data(tensor).cast::<f32>();
        if (*tensor).type_ != sys::GGML_TYPE_F32 || data.is_null() {
            return None;
        }
        Some(slice::from_raw_parts(data, usize::try_from(sys::ggml_nelements(tensor)).ok()?).to_vec())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;

    #[test]
    fn means_are_sums_over_counts_and_an_unused_expert_counts_alike() {
        let sums = Sums { squares: vec![2.0, 4.0, 6.0, 8.0], counts: vec![2.0, 0.0] };
        assert_eq!(sums.means().unwrap(), [1.0, 2.0, 1.0, 1.0]);
        assert!(Sums { squares: vec![1.0; 3], counts: vec![1.0, 1.0] }.means().is_none());
        assert!(Sums { squares: vec![1.0], counts: vec![] }.means().is_none());
        assert!(Sums { squares: vec![f32::NAN], counts: vec![1.0] }.means().is_none());
    }

    #[test]
    fn what_is_no_importance_matrix_is_refused() {
        assert!(Importance::read(Path::new("/nowhere/imatrix.gguf")).is_none());
        assert!(Importance::read(&std::env::current_exe().unwrap()).is_none());
    }
}
