//! One connection: requests, one after the other, each with its answer.

use std::io::BufReader;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use crate::answer::honest;
use crate::listener::resets_at_end;
use crate::reply::Reply;
use crate::request::Request;
use crate::send::{Next, send};
use crate::state::State;

/// Serves a connection to its end.
pub(crate) fn serve(stream: TcpStream, storage: bool, state: &State) {
    // Otherwise small answers wait for the client's acknowledgement of what came before.
    let _ = stream.set_nodelay(true);
    let Ok(reading) = stream.try_clone() else { return };
    let mut reader = BufReader::new(reading);
    while let Some(request) = Request::read(&mut reader, storage) {
        let request = state.record(request);
        let reply = reply(&request, state);
        let with_body = request.method != "HEAD";
        // The client may be gone, which is what some tests want.
        let next = send(&reply, with_body, request.wants_close(), &stream, state).unwrap_or(Next::Close);
        if next == Next::Close {
            break;
        }
    }
    // The list of connections holds a handle too: without this, the client would see the end only when it is removed.
    if !resets_at_end(&stream) {
        let _ = stream.shutdown(Shutdown::Write);
    }
}

fn reply(request: &Request, state: &State) -> Reply {
    let decide = Arc::clone(&state.decide.read().unwrap());
    let act = decide(request);
    let mut reply = honest(request, state);
    act.apply(&mut reply);
    reply
}
