//! Trees of messages from elsewhere, brought into an order that can be stored, whatever they look like.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use paddock_store::{FinishReason, MessageBody, NewMessage, Role};

/// Messages of one conversation at most.
pub(super) const MAX_MESSAGES: usize = 1_000_000;

/// The longest message, in bytes of UTF-8.
pub(super) const MAX_MESSAGE_BYTES: usize = 4_000_000;

/// A message as another program has it.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// The program's own name for it.
    pub id: String,
    /// The name of what it follows.
    pub parent: Option<String>,
    /// None: not part of the conversation as it is shown (a tool, a hidden instruction). What follows it follows what it
    /// follows.
    pub role: Option<Role>,
    /// Its text.
    pub text: String,
    /// When it was written, in milliseconds since 1970; none: not known.
    pub at_ms: Option<i64>,
    /// The model that answered.
    pub model: Option<String>,
}

/// Puts every message after the one that it follows, and else in the order of time. Names that are nowhere make roots, and
/// so does the first message of a circle; of two with one name the first has it. Answers that follow an answer without
/// another choice, as after a tool, become one. Returns the messages, and the place of the one called `head`.
pub(super) fn grow(
    nodes: Vec<Node>,
    head: Option<&str>,
    begun_ms: i64,
) -> Result<(Vec<NewMessage>, Option<usize>), String> {
    if nodes.len() > MAX_MESSAGES {
        return Err(format!("has {} messages, and at most {MAX_MESSAGES} can be imported", nodes.len()));
    }
    if let Some(node) = nodes.iter().find(|node| node.text.len() > MAX_MESSAGE_BYTES) {
        let mb = node.text.len() / 1_000_000;
        return Err(format!(
            "has a message of {mb} MB, and at most {} MB can be imported",
            MAX_MESSAGE_BYTES / 1_000_000
        ));
    }
    let order = order(&nodes);
    // For each node the message that stands for it: its own, or that of what it follows.
    let mut stands: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut places = HashMap::with_capacity(nodes.len());
    let mut messages: Vec<NewMessage> = Vec::new();
    let mut at_ms = begun_ms;
    let parents = parents(&nodes);
    for i in order {
        let parent = parents[i].and_then(|parent| stands[parent]);
        let node = &nodes[i];
        at_ms = node.at_ms.unwrap_or(at_ms);
        stands[i] = match node.role {
            Some(role) if !node.text.trim().is_empty() => {
                messages.push(message(node, role, parent, at_ms));
                Some(messages.len() - 1)
            }
            _ => parent,
        };
        places.entry(node.id.as_str()).or_insert(stands[i]);
    }
    let head = head.and_then(|head| places.get(head).copied().flatten());
    let (messages, new_places) = joined(messages);
    let last = messages.len().checked_sub(1);
    Ok((messages, head.and_then(|head| new_places.get(head).copied()).or(last)))
}

fn parents(nodes: &[Node]) -> Vec<Option<usize>> {
    let mut by_id = HashMap::with_capacity(nodes.len());
    for (i, node) in nodes.iter().enumerate() {
        by_id.entry(node.id.as_str()).or_insert(i);
    }
    nodes.iter().map(|node| node.parent.as_deref().and_then(|parent| by_id.get(parent).copied())).collect()
}

/// Every node once, parents first, else by time and then as they came.
fn order(nodes: &[Node]) -> Vec<usize> {
    let parents = parents(nodes);
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut ready = BinaryHeap::new();
    let key = |i: usize| Reverse((nodes[i].at_ms.unwrap_or(i64::MIN), i));
    for (i, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => children[*parent].push(i),
            None => ready.push(key(i)),
        }
    }
    let mut order = Vec::with_capacity(nodes.len());
    let mut seen = vec![false; nodes.len()];
    let mut in_circles = 0..nodes.len();
    loop {
        while let Some(Reverse((_, i))) = ready.pop() {
            if !std::mem::replace(&mut seen[i], true) {
                order.push(i);
                ready.extend(children[i].iter().map(|child| key(*child)));
            }
        }
        // What no root leads to is a circle: it is cut open at its first message.
        match in_circles.find(|i| !seen[*i]) {
            Some(i) => ready.push(key(i)),
            None => return order,
        }
    }
}

fn message(node: &Node, role: Role, parent: Option<usize>, at_ms: i64) -> NewMessage {
    let is_answer = role == Role::Assistant;
    NewMessage {
        parent,
        body: MessageBody {
            finish_reason: is_answer.then_some(FinishReason::Stop),
            model_name: node.model.clone().filter(|_| is_answer),
            ..MessageBody::new(role, node.text.replace('\0', ""), at_ms)
        },
        attachments: Vec::new(),
    }
}

/// Joins a message to the one of the same role that it alone follows. Returns for each old place the new one.
fn joined(messages: Vec<NewMessage>) -> (Vec<NewMessage>, Vec<usize>) {
    let mut followers = vec![0_usize; messages.len()];
    for parent in messages.iter().filter_map(|message| message.parent) {
        followers[parent] += 1;
    }
    let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
    let mut kept: Vec<NewMessage> = Vec::with_capacity(messages.len());
    let mut places: Vec<usize> = Vec::with_capacity(messages.len());
    for mut message in messages {
        let old_parent = message.parent;
        message.parent = old_parent.map(|parent| places[parent]);
        let alike = old_parent
            .filter(|parent| followers[*parent] == 1 && roles[*parent] == message.role && message.role != Role::System);
        let target = alike
            .map(|parent| places[parent])
            .filter(|place| kept[*place].content.len() + message.content.len() < MAX_MESSAGE_BYTES);
        match target {
            Some(place) => {
                kept[place].body.content.push_str("\n\n");
                kept[place].body.content.push_str(&message.content);
                places.push(place);
            }
            None => {
                kept.push(message);
                places.push(kept.len() - 1);
            }
        }
    }
    (kept, places)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn node(id: &str, parent: &str, role: Option<Role>, text: &str) -> Node {
        let parent = Some(parent.to_owned()).filter(|parent| !parent.is_empty());
        Node { id: id.into(), parent, role, text: text.into(), ..Node::default() }
    }

    fn shape(nodes: Vec<Node>, head: &str) -> (Vec<(String, Option<usize>)>, Option<usize>) {
        let (messages, head) = grow(nodes, Some(head), 0).unwrap();
        (messages.into_iter().map(|message| (message.body.content, message.parent)).collect(), head)
    }

    const USER: Option<Role> = Some(Role::User);
    const MODEL: Option<Role> = Some(Role::Assistant);

    #[test]
    fn hidden_messages_are_left_out_and_what_follows_them_stays_connected() {
        let nodes = vec![
            node("root", "", None, "hidden"),
            node("q", "root", USER, "question"),
            node("tool", "q", None, "tool"),
            node("a", "tool", MODEL, "answer"),
            node("end", "a", None, ""),
        ];
        let wanted = vec![("question".into(), None), ("answer".into(), Some(0))];
        assert_eq!(shape(nodes, "end"), (wanted, Some(1)));
    }

    #[test]
    fn answers_around_a_tool_are_one_and_choices_stay_apart() {
        let nodes = vec![
            node("q", "", USER, "question"),
            node("a", "q", MODEL, "let me look"),
            node("b", "a", MODEL, "it is so"),
            node("c", "q", MODEL, "another"),
        ];
        let wanted =
            vec![("question".into(), None), ("let me look\n\nit is so".into(), Some(0)), ("another".into(), Some(0))];
        assert_eq!(shape(nodes, "b"), (wanted, Some(1)));
    }

    #[test]
    fn circles_missing_parents_and_double_names_lose_nothing() {
        let nodes = vec![
            node("a", "b", USER, "a"),
            node("b", "a", MODEL, "b"),
            node("self", "self", USER, "self"),
            node("lost", "nowhere", USER, "lost"),
            node("a", "lost", MODEL, "second a"),
        ];
        let (messages, _) = shape(nodes, "b");
        let mut texts: Vec<&str> = messages.iter().map(|(text, _)| text.as_str()).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["a", "b", "lost", "second a", "self"]);
        assert!(messages.iter().enumerate().all(|(i, (_, parent))| parent.is_none_or(|parent| parent < i)));
    }

    #[test]
    fn a_million_messages_in_one_line_take_no_recursion_and_one_more_is_refused() {
        let role = |i: usize| if i.is_multiple_of(2) { USER } else { MODEL };
        let parent = |i: usize| if i == 0 { String::new() } else { (i - 1).to_string() };
        let line = |n: usize| (0..n).map(|i| node(&i.to_string(), &parent(i), role(i), "x")).collect::<Vec<_>>();
        let (messages, head) = grow(line(MAX_MESSAGES), None, 0).unwrap();
        assert_eq!((messages.len(), head), (MAX_MESSAGES, Some(MAX_MESSAGES - 1)));
        assert!(grow(line(MAX_MESSAGES + 1), None, 0).unwrap_err().contains("1000001 messages"));
    }

    #[test]
    fn a_message_of_five_megabytes_is_refused_with_its_size() {
        let long = vec![node("a", "", USER, &"x".repeat(5_000_000))];
        assert!(grow(long, None, 0).unwrap_err().contains("5 MB"));
    }
}
