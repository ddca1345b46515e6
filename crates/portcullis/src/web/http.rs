//! The routes: what each request must show, in which order it is checked, and the headers of every
//! answer. Sockets and time-outs are left to the gate, the meaning of secrets to the ticket office.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::config::BODY_BYTES_MAX;
use super::denial::{Denial, count};
use super::fields;
use super::gate::Shared;
use super::origin::{Hosts, Origin};
use super::secret::Secret;
use super::ticket::{Office, SessionId};
use super::upgrade::{self, Passage};

/// Where a one-time code is posted.
pub(super) const ENTER_PATH: &str = "/enter";
/// Where a page asks for a ticket.
pub(super) const TICKET_PATH: &str = "/ticket";
/// Where a page opens its WebSocket.
pub(super) const CONNECT_PATH: &str = "/connect";

pub(super) type Answer = Response<Full<Bytes>>;

/// Answers one request. A granted upgrade is left in `passage` for the connection to complete.
pub(super) async fn answer(
    shared: &Shared,
    remote: SocketAddr,
    passage: &mut Option<Passage>,
    request: Request<Incoming>,
) -> Answer {
    let path = request.uri().path().to_owned();
    let host = single(request.headers(), &header::HOST).ok().flatten().map(str::to_owned);
    let routed = match &host {
        // An absolute request target names a host of its own, which only proxies have use for.
        Some(host) if shared.hosts.allows(host) && request.uri().authority().is_none() => {
            route(shared, passage, request, &path).await
        }
        _ => Err(Denial::ForeignHost),
    };
    let mut answer = routed.unwrap_or_else(|denial| {
        shared.counters.deny(denial, remote);
        let mut refusal = empty(denial.status());
        if let (Denial::WrongMethod, Some(method)) = (denial, method_of(shared, &path)) {
            put(&mut refusal, header::ALLOW, method.as_str());
        }
        refusal
    });
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        shared.headers.put_on(&mut answer, host.as_deref());
    }
    answer
}

/// The one method of a path; `None` where there is no such path.
fn method_of(shared: &Shared, path: &str) -> Option<Method> {
    match path {
        ENTER_PATH | TICKET_PATH => Some(Method::POST),
        CONNECT_PATH => Some(Method::GET),
        file => shared.files.get(file).map(|_| Method::GET),
    }
}

async fn route(
    shared: &Shared,
    passage: &mut Option<Passage>,
    request: Request<Incoming>,
    path: &str,
) -> Result<Answer, Denial> {
    let method = method_of(shared, path).ok_or(Denial::UnknownPath)?;
    if *request.method() != method {
        return Err(Denial::WrongMethod);
    }
    if let Some(file) = shared.files.get(path) {
        count(&shared.counters.files_served);
        let mut answer = Response::new(Full::new(file.bytes.clone()));
        answer.headers_mut().insert(header::CONTENT_TYPE, file.content_type.clone());
        return Ok(answer);
    }
    if request.uri().query().is_some() {
        return Err(Denial::QueryRefused);
    }
    match path {
        ENTER_PATH => enter(shared, request).await,
        TICKET_PATH => ticket(shared, request).await,
        _ => upgrade::connect(shared, passage, request),
    }
}

/// A code for a cookie. A launcher is a local file, whose Origin is `null`; this one route takes
/// that, since what admits here is the code.
async fn enter(shared: &Shared, request: Request<Incoming>) -> Result<Answer, Denial> {
    let (head, body) = request.into_parts();
    let body = read_form(&head.headers, body).await?;
    match single(&head.headers, &header::ORIGIN)? {
        None | Some("null") => {}
        Some(origin) => {
            shared.origins.find(origin).ok_or(Denial::ForeignOrigin)?;
        }
    }
    let code = fields::form_field(&body, "code").ok_or(Denial::BadForm)?;
    let code = Secret::from_hex(code).ok_or(Denial::UnknownCode)?;
    let cookie = shared.draw()?;
    let entered =
        shared.office().enter(&code, cookie.clone(), shared.now()).ok_or(Denial::UnknownCode)?;
    shared.launchers.used(entered.code);
    count(&shared.counters.sessions_opened);
    tracing::debug!(target: "portcullis::web", session = %entered.session, "session opened");
    let mut answer = empty(StatusCode::SEE_OTHER);
    put(&mut answer, header::LOCATION, &entered.open);
    put(&mut answer, header::SET_COOKIE, &shared.cookies.set(entered.session, &cookie));
    Ok(answer)
}

/// A ticket for a page that shows the cookie.
async fn ticket(shared: &Shared, request: Request<Incoming>) -> Result<Answer, Denial> {
    let (head, body) = request.into_parts();
    let body = read_form(&head.headers, body).await?;
    listed_origin(shared, &head.headers)?;
    let kind = fields::form_field(&body, "window").ok_or(Denial::BadForm)?;
    let ticket = shared.draw()?;
    {
        let mut office = shared.office();
        let sessions = sessions(shared, &mut office, &head.headers);
        let session = sessions.into_iter().max().ok_or(Denial::UnknownSession)?;
        let window = shared.windows.iter().find(|w| &***w == kind).ok_or(Denial::UnknownWindow)?;
        office
            .issue_ticket(session, window.clone(), ticket.clone(), shared.now())
            .map_err(|_| Denial::TooManyTickets)?;
    }
    count(&shared.counters.tickets_issued);
    let mut answer = Response::new(Full::from(ticket.to_hex()));
    put(&mut answer, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    Ok(answer)
}

/// The living sessions whose cookies came with a request.
pub(super) fn sessions(
    shared: &Shared,
    office: &mut Office,
    headers: &HeaderMap,
) -> Vec<SessionId> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|header| shared.cookies.find(header))
        .take(fields::COOKIES_MAX)
        .filter(|(id, cookie)| office.session(*id, cookie))
        .map(|(id, _)| id)
        .collect()
}

/// The request's origin, if it is on the list.
pub(super) fn listed_origin(shared: &Shared, headers: &HeaderMap) -> Result<Origin, Denial> {
    let origin = single(headers, &header::ORIGIN)?.ok_or(Denial::ForeignOrigin)?;
    shared.origins.find(origin).ok_or(Denial::ForeignOrigin)
}

/// Reads a form to its end, so that the answer is not lost in a reset of the connection.
async fn read_form(headers: &HeaderMap, body: Incoming) -> Result<Bytes, Denial> {
    let body = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Denial::BodyTooLarge),
        Err(_) => return Err(Denial::BadForm),
    };
    match single(headers, &header::CONTENT_TYPE) {
        Ok(Some(content_type)) if fields::is_form(content_type) => Ok(body),
        _ => Err(Denial::BadForm),
    }
}

/// More than one value for a header that must have one, or one that is not text.
pub(super) struct Ambiguous;

impl From<Ambiguous> for Denial {
    /// Only Origin is read with `?`; the others say themselves what their absence means.
    fn from(_: Ambiguous) -> Self {
        Denial::ForeignOrigin
    }
}

/// The value of a header that may stand only once.
pub(super) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, Ambiguous> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Ambiguous),
        (Some(_), Some(_)) => Err(Ambiguous),
    }
}

pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

/// Sets a header from a text that was checked or built here; one that cannot stand in a header is
/// left out rather than sent broken.
pub(super) fn put(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// What every answer tells the browser to forbid. There is no CORS header among them, nor anywhere:
/// pages of other origins may not read a single answer.
#[derive(Debug)]
pub(super) struct StrictHeaders {
    /// By Host value, since `connect-src` names the host that the page was opened under.
    policies: Vec<(String, HeaderValue)>,
}

const FIXED: [(&str, &str); 6] = [
    ("connection", "close"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

impl StrictHeaders {
    pub(super) fn of(hosts: &Hosts) -> Self {
        let policy = |host: &str| {
            let text = format!(
                "default-src 'none'; script-src 'self'; style-src 'self'; \
                 img-src 'self' data: blob:; connect-src 'self' ws://{host}; \
                 frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
            );
            HeaderValue::try_from(text).ok().map(|value| (host.to_owned(), value))
        };
        Self { policies: hosts.iter().filter_map(policy).collect() }
    }

    fn put_on(&self, answer: &mut Answer, host: Option<&str>) {
        let headers = answer.headers_mut();
        let own = self.policies.iter().find(|(name, _)| Some(name.as_str()) == host);
        if let Some((_, policy)) = own.or(self.policies.first()) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        for (name, value) in FIXED {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
}
