//! What of a conversation goes into the context, when not all of it fits.
//!
//! Whole exchanges are left out, from a question up to the next one kept: many chat templates refuse a conversation whose
//! turns do not alternate. The number of requests is bounded; whatever the counts say, it ends.

use std::ops::Range;

use paddock_engine_api::{
    EngineHost,
    protocol::{ChatMessage, ChatRole},
};

use crate::{
    ApiError,
    prompt::Prompt,
    view::{ChatSettings, ChatSetup, ContextCut, ContextPolicy},
};

/// How often a smaller part is tried before only the least is left.
const ROUNDS: usize = 4;
/// Going on with an answer needs no more room than this, where nothing would be left out for it, in tokens.
const LEAST_RESERVE: u32 = 16;

/// What the model gets.
pub(crate) struct Fitted {
    pub(crate) messages: Vec<ChatMessage>,
    pub(crate) cut: Option<ContextCut>,
}

/// The tokens kept free for an answer: never more than a quarter of the context, nor than the answer may have.
pub(crate) fn reserve(settings: &ChatSettings, setup: &ChatSetup, n_ctx: u32) -> u32 {
    let longest = setup.sampling.max_tokens.unwrap_or(u32::MAX);
    settings.reply_reserve.min(longest).min(n_ctx / 4)
}

/// Take out what does not fit in a context of `n_ctx` tokens, as the conversation's policy says.
///
/// # Errors
/// [`ErrorCode::PromptTooLong`] when the policy takes nothing out, or the question alone does not fit.
pub(crate) async fn fit(host: &EngineHost, prompt: &Prompt, n_ctx: u32) -> Result<Fitted, ApiError> {
    let policy = prompt.setup.context_policy.unwrap_or(prompt.settings.context_policy);
    let mut reserve = reserve(&prompt.settings, &prompt.setup, n_ctx);
    if prompt.begun.is_some() && policy == ContextPolicy::StopAtLimit {
        reserve = reserve.min(LEAST_RESERVE);
    }
    let limit = n_ctx.saturating_sub(reserve);
    let count = async |messages: &[ChatMessage]| host.count_tokens(messages.to_vec(), prompt.begun.is_some()).await;

    let all = prompt.without(&(0..0));
    let total = count(&all).await?;
    if total <= limit {
        return Ok(Fitted { messages: all, cut: None });
    }
    let roles: Vec<ChatRole> = prompt.turns.iter().map(|turn| turn.message.role).collect();
    let choices = choices(&roles, policy);
    let Some(last) = choices.len().checked_sub(1) else {
        return Err(ApiError::too_long(total, reserve, n_ctx, policy));
    };

    let sizes = host.count_texts(prompt.turns.iter().map(|turn| turn.message.content.clone()).collect()).await?;
    let saved = saved_by(&choices, &sizes, total, all.len());
    let mut choice = choices_saving(&saved, u64::from(total - limit)).unwrap_or(last);
    let mut needed = total;
    for round in 0..=ROUNDS {
        if round == ROUNDS {
            choice = last;
        }
        let messages = prompt.without(&choices[choice]);
        needed = count(&messages).await?;
        if needed <= limit {
            return Ok(Fitted { messages, cut: Some(cut_of(prompt, &choices[choice], policy)) });
        }
        if choice == last {
            break;
        }
        let more = saved[choice] + u64::from(needed - limit);
        choice = choices_saving(&saved, more).unwrap_or(last).max(choice + 1);
    }
    Err(ApiError::too_long(needed, reserve, n_ctx, policy))
}

/// What may be left out, the least first. Always whole exchanges, never the last question.
fn choices(roles: &[ChatRole], policy: ContextPolicy) -> Vec<Range<usize>> {
    let questions: Vec<usize> = (1..roles.len()).filter(|&at| roles[at] == ChatRole::User).collect();
    let Some(&last) = questions.last() else { return Vec::new() };
    match policy {
        ContextPolicy::StopAtLimit => Vec::new(),
        ContextPolicy::RollingWindow => questions.into_iter().map(|end| 0..end).collect(),
        ContextPolicy::TruncateMiddle => {
            let first_exchange = questions[0];
            let middle = questions.iter().skip(1).map(|&end| first_exchange..end);
            // The first exchange goes only where it and the question do not fit together.
            middle.chain(std::iter::once(0..last)).collect()
        }
    }
}

/// About how many tokens each choice saves: those of the texts, and of what the template puts around each message.
fn saved_by(choices: &[Range<usize>], sizes: &[u32], total: u32, n_messages: usize) -> Vec<u64> {
    let texts: u64 = sizes.iter().copied().map(u64::from).sum();
    let around = u64::from(total).saturating_sub(texts) / n_messages.max(1) as u64;
    // A long system prompt would make the template look larger than any is.
    let around = around.min(16);
    let saved = |choice: &Range<usize>| {
        sizes.get(choice.clone()).unwrap_or_default().iter().map(|&n| u64::from(n) + around).sum()
    };
    choices.iter().map(saved).collect()
}

/// The first choice that saves so much.
fn choices_saving(saved: &[u64], tokens: u64) -> Option<usize> {
    saved.iter().position(|&saved| saved >= tokens)
}

fn cut_of(prompt: &Prompt, left_out: &Range<usize>, policy: ContextPolicy) -> ContextCut {
    let number = |at: usize| prompt.turns.get(at).map_or(0, |turn| turn.number);
    let (from, end) = (number(left_out.start), number(left_out.end));
    ContextCut { policy, from, count: end - from }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALK: [ChatRole; 7] = {
        use ChatRole::{Assistant as A, User as U};
        [U, A, U, A, U, A, U]
    };

    #[test]
    fn whole_exchanges_are_left_out_and_never_the_last_question() {
        assert_eq!(choices(&TALK, ContextPolicy::RollingWindow), [0..2, 0..4, 0..6]);
        assert_eq!(choices(&TALK, ContextPolicy::TruncateMiddle), [2..4, 2..6, 0..6]);
        assert!(choices(&TALK, ContextPolicy::StopAtLimit).is_empty());
        for policy in [ContextPolicy::RollingWindow, ContextPolicy::TruncateMiddle] {
            assert!(choices(&TALK[..1], policy).is_empty());
            let only = choices(&TALK[..3], policy);
            assert!(only.len() == 1 && only[0] == (0..2), "{only:?}");
        }
    }

    #[test]
    fn the_first_choice_that_saves_enough_is_taken() {
        let saved = saved_by(&[0..2, 0..4], &[10, 20, 30, 40, 5], 155, 5);
        assert_eq!(saved, [50, 140]);
        assert_eq!(choices_saving(&saved, 50), Some(0));
        assert_eq!(choices_saving(&saved, 51), Some(1));
        assert_eq!(choices_saving(&saved, 141), None);
    }

    #[test]
    fn the_reserve_leaves_most_of_a_small_context() {
        let (settings, mut setup) = (ChatSettings::default(), ChatSetup::default());
        assert_eq!(reserve(&settings, &setup, 4096), 512);
        assert_eq!(reserve(&settings, &setup, 256), 64);
        setup.sampling.max_tokens = Some(20);
        assert_eq!(reserve(&settings, &setup, 4096), 20);
    }
}
