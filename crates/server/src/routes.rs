//! Every route, behind one guard.

use std::{net::SocketAddr, sync::Arc};

use hyper::{
    Method, Request, StatusCode,
    body::Incoming,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderMap,
        HeaderValue, VARY,
    },
};
use serde_json::json;

use crate::{
    anthropic,
    control::STOP_PATH,
    fault::{Dialect, Fault},
    guard, openai,
    reply::{self, Reply},
    request,
    running::Shared,
};

/// A route.
#[derive(Debug)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path; `{id}` at the end stands for anything.
    pub path: &'static str,
    action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Health,
    Metrics,
    Stop,
    Models,
    Model,
    Chat,
    Completions,
    Embeddings,
    Responses,
    Messages,
    CountTokens,
}

const fn route(method: Method, path: &'static str, action: Action) -> Route {
    Route { method, path, action }
}

/// All of them.
pub static ROUTES: [Route; 11] = [
    route(Method::GET, "/health", Action::Health),
    route(Method::GET, "/metrics", Action::Metrics),
    route(Method::POST, STOP_PATH, Action::Stop),
    route(Method::GET, "/v1/models", Action::Models),
    route(Method::GET, "/v1/models/{id}", Action::Model),
    route(Method::POST, "/v1/chat/completions", Action::Chat),
    route(Method::POST, "/v1/completions", Action::Completions),
    route(Method::POST, "/v1/embeddings", Action::Embeddings),
    route(Method::POST, "/v1/responses", Action::Responses),
    route(Method::POST, "/v1/messages", Action::Messages),
    route(Method::POST, "/v1/messages/count_tokens", Action::CountTokens),
];

impl Route {
    /// What `{id}` stands for in a path of this route; empty for one without; none if it is another's.
    fn matches<'a>(&self, path: &'a str) -> Option<&'a str> {
        match self.path.strip_suffix("{id}") {
            Some(start) => path.strip_prefix(start).filter(|id| !id.is_empty()),
            None => (path == self.path).then_some(""),
        }
    }
}

/// Answer a request, whatever it is. `local`: this end of its connection.
pub async fn answer(shared: Arc<Shared>, request: Request<Incoming>, local: SocketAddr) -> Reply {
    let dialect = if request.uri().path().starts_with("/v1/messages") { Dialect::Anthropic } else { Dialect::OpenAi };
    let allowed = guard::check_host(request.uri(), request.headers(), local)
        .and_then(|()| guard::check_origin(request.headers(), &shared.origins));
    let origin = match allowed {
        Ok(origin) => origin.cloned(),
        Err(fault) => {
            shared.metrics.count_reply(fault.status);
            return reply::fault(&fault, dialect);
        }
    };
    let mut reply = match origin.as_ref().filter(|_| request.method() == Method::OPTIONS) {
        Some(_) => preflight(),
        None => routed(&shared, request).await.unwrap_or_else(|fault| reply::fault(&fault, dialect)),
    };
    shared.metrics.count_reply(reply.status());
    if let Some(origin) = origin {
        reply.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        reply.headers_mut().insert(VARY, HeaderValue::from_static("Origin"));
    }
    reply
}

/// A browser asks whether a page that was allowed may do what it wants.
fn preflight() -> Reply {
    let mut reply = reply::nothing();
    let headers = reply.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, x-api-key, anthropic-version"),
    );
    reply
}

async fn routed(shared: &Arc<Shared>, request: Request<Incoming>) -> Result<Reply, Fault> {
    let path = request.uri().path().to_owned();
    let found = ROUTES.iter().find_map(|route| Some((route, route.matches(&path)?)));
    check_token(shared, request.headers(), found.map(|(route, _)| route.action))?;
    let Some((route, id)) = found else {
        return Err(Fault::new(StatusCode::NOT_FOUND, format!("There is nothing at {path}.")));
    };
    if request.method() != route.method {
        let message = format!("{path} takes {} only.", route.method);
        let allow = Some(route.method.clone());
        return Err(Fault { allow, ..Fault::new(StatusCode::METHOD_NOT_ALLOWED, message) });
    }
    let action = route.action;
    if route.method == Method::GET {
        return read(shared, action, id).await;
    }
    let (head, body) = request.into_parts();
    let json = request::json(&head.headers, body).await?;
    match action {
        Action::Stop => {
            shared.stop_soon();
            Ok(reply::json(&json!({ "stopping": true })))
        }
        Action::Completions => openai::completions::answer(shared, &json).await,
        Action::Embeddings => openai::embeddings::answer(shared, &json).await,
        Action::Responses => openai::responses::answer(shared, &json).await,
        Action::Messages => anthropic::answer(shared, &json).await,
        Action::CountTokens => anthropic::count_tokens(shared, &json).await,
        _ => openai::chat::answer(shared, &json).await,
    }
}

async fn read(shared: &Arc<Shared>, action: Action, id: &str) -> Result<Reply, Fault> {
    match action {
        Action::Metrics => {
            let (running, waiting) = shared.app.outside_load();
            Ok(reply::text(shared.metrics.text(running, waiting)))
        }
        Action::Models => openai::models::list(shared).await,
        Action::Model => openai::models::one(shared, id).await,
        _ => Ok(reply::json(&json!({ "status": "ok" }))),
    }
}

/// `/health` says nothing that needs one. Whoever ends the server shows another.
fn check_token(shared: &Shared, headers: &HeaderMap, action: Option<Action>) -> Result<(), Fault> {
    match action {
        Some(Action::Health) => Ok(()),
        Some(Action::Stop) => guard::check_token(headers, shared.control_token()),
        _ => guard::check_token(headers, &shared.token()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_route_and_no_other() {
        let found = |path: &str| ROUTES.iter().find_map(|route| Some((route.action, route.matches(path)?.to_owned())));
        assert_eq!(found("/v1/models"), Some((Action::Models, String::new())));
        assert_eq!(found("/v1/models/a%20b"), Some((Action::Model, "a%20b".into())));
        assert_eq!(found("/v1/models/"), None);
        assert_eq!(found("/v1/chat/completions/"), None);
    }
}
