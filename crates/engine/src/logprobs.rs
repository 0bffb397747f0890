//! How likely tokens were.

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::output::TokenLogprob;

use crate::token_bytes::TokenBytes;

/// The most tokens that can be told of beside the chosen one, as in OpenAI's API.
pub(crate) const MAX_LOGPROBS: u32 = 20;

/// How likely `token` was, and the `n` likeliest, before anything but the model had a say.
pub(crate) fn of(logits: &[f32], token: LlamaToken, n: usize, token_bytes: &TokenBytes) -> TokenLogprob {
    let log_sum = log_sum_exp(logits);
    let entry = |at: usize, top| {
        #[expect(clippy::cast_possible_truncation, reason = "the protocol's precision")]
        let logprob = logits.get(at).map_or(f32::NEG_INFINITY, |&logit| (f64::from(logit) - log_sum) as f32);
        let id = u32::try_from(at).unwrap_or(u32::MAX);
        let bytes = token_bytes.text(LlamaToken(id.cast_signed())).to_vec();
        TokenLogprob { id, bytes, logprob: logprob.max(f32::MIN), top }
    };
    let top = likeliest(logits, n).into_iter().map(|at| entry(at, Vec::new())).collect();
    entry(usize::try_from(token.0).unwrap_or(usize::MAX), top)
}

/// The logarithm of the sum of all exponentials, without overflow.
fn log_sum_exp(logits: &[f32]) -> f64 {
    let max = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    max + logits.iter().map(|&logit| (f64::from(logit) - max).exp()).sum::<f64>().ln()
}

/// The places of the `n` highest, the highest first, and the first of equal ones.
fn likeliest(logits: &[f32], n: usize) -> Vec<usize> {
    let mut top: Vec<usize> = Vec::with_capacity(n + 1);
    for (at, logit) in logits.iter().enumerate() {
        if top.len() == n && top.last().is_none_or(|&last| *logit <= logits[last]) {
            continue;
        }
        let place = top.partition_point(|&other| logits[other] >= *logit);
        top.insert(place, at);
        top.truncate(n);
    }
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_come_first_and_equal_ones_in_their_order() {
        assert_eq!(likeliest(&[1.0, 3.0, 2.0, 3.0, -1.0], 3), [1, 3, 2]);
        assert_eq!(likeliest(&[1.0, 2.0], 5), [1, 0]);
        assert_eq!(likeliest(&[1.0, 2.0], 0), [0_usize; 0]);
    }

    #[test]
    fn the_sum_does_not_overflow() {
        assert!((log_sum_exp(&[1000.0, 1000.0]) - (1000.0 + 2.0_f64.ln())).abs() < 1e-9);
        assert!((log_sum_exp(&[-1000.0, f32::NEG_INFINITY]) + 1000.0).abs() < 1e-9);
    }
}
