//! A request: parsed, within limits, and what its fields ask for.

use crate::answer::Status;
use crate::date;

/// The longest head: request line and fields. RFC 9110 asks a server to say so (431) and not to go on reading.
pub(crate) const HEAD_MAX: usize = 8 << 10;
/// The most fields.
const FIELDS_MAX: usize = 64;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Everything but the body (`HEAD`)?
    pub(crate) head_only: bool,
    /// Decoded, without a query; begins with `/`. Bytes: names of files need be no text.
    pub(crate) path: Vec<u8>,
    /// Does the connection stay?
    pub(crate) stays: bool,
    /// Of HTTP/1.0: a connection that stays has to be told.
    pub(crate) old: bool,
    pub(crate) range: Option<Range>,
    pub(crate) if_range: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) if_modified_since: Option<u64>,
}

/// One range of bytes, as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// From here, and to there, inclusive; or to the end.
    From(u64, Option<u64>),
    /// So many at the end.
    Last(u64),
}

impl Range {
    /// Several ranges, other units, and what is no range are asked for in vain: the answer is the whole.
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.trim().strip_prefix("bytes=")?.trim().split_once('-')?;
        match (first.trim(), last.trim()) {
            ("", last) => Some(Range::Last(number(last)?)),
            (first, "") => Some(Range::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Range::From(first, Some(last)))
            }
        }
    }

    /// Which bytes that is of `len`: the first, and how many. `None`: none of them.
    pub(crate) fn of(self, len: u64) -> Option<(u64, u64)> {
        match self {
            Range::From(first, _) if first >= len => None,
            Range::From(first, last) => Some((first, last.map_or(len, |last| len.min(last.saturating_add(1))) - first)),
            Range::Last(0) => None,
            Range::Last(_) if len == 0 => None,
            Range::Last(count) => Some((len - count.min(len), count.min(len))),
        }
    }
}

/// Digits only: `+1` is no number here.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// What came of the bytes that are there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// More must come.
    Part,
    /// A request, in so many bytes.
    Whole(Request, usize),
    /// Is refused, and the connection with it: nobody knows where the next request begins.
    Wrong(Status),
}

/// Looks for one request at the beginning of `bytes`.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut head = httparse::Request::new(&mut fields);
    match head.parse(&bytes[..bytes.len().min(HEAD_MAX)]) {
        Ok(httparse::Status::Complete(len)) => match read(&head) {
            Ok(request) => Parsed::Whole(request, len),
            Err(status) => Parsed::Wrong(status),
        },
        Ok(httparse::Status::Partial) if bytes.len() >= HEAD_MAX => Parsed::Wrong(Status::HeadTooLarge),
        Ok(httparse::Status::Partial) => Parsed::Part,
        Err(httparse::Error::TooManyHeaders) => Parsed::Wrong(Status::HeadTooLarge),
        Err(httparse::Error::Version) if says_another_version(bytes) => Parsed::Wrong(Status::VersionNotSupported),
        Err(_) => Parsed::Wrong(Status::BadRequest),
    }
}

/// Is it HTTP at all?
fn says_another_version(bytes: &[u8]) -> bool {
    let line = bytes.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.trim_ascii_end().rsplit(|byte| *byte == b' ').next().is_some_and(|word| word.starts_with(b"HTTP/"))
}

fn read(head: &httparse::Request<'_, '_>) -> Result<Request, Status> {
    let old = head.version == Some(0);
    let all = |name: &'static str| {
        let named = head.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
        named.map(|field| str::from_utf8(field.value).map_err(|_| Status::BadRequest))
    };
    let first = |name| all(name).next().transpose();
    let head_only = match head.method {
        Some("GET") => false,
        Some("HEAD") => true,
        _ => return Err(Status::MethodNotAllowed),
    };
    if all("host").count() != 1 && !old {
        return Err(Status::BadRequest);
    }
    // A body would be the beginning of the next request, for who does not read it.
    if all("transfer-encoding").next().is_some() {
        return Err(Status::BadRequest);
    }
    for len in all("content-length") {
        if number(len?.trim()) != Some(0) {
            return Err(Status::BadRequest);
        }
    }
    let mut stays = !old;
    for list in all("connection") {
        for word in list?.split(',').map(str::trim) {
            if word.eq_ignore_ascii_case("close") {
                stays = false;
            } else if old && word.eq_ignore_ascii_case("keep-alive") {
                stays = true;
            }
        }
    }
    Ok(Request {
        head_only,
        path: path(head.path.unwrap_or_default())?,
        stays,
        old,
        range: first("range")?.and_then(Range::parse),
        if_range: first("if-range")?.map(str::to_owned),
        if_none_match: first("if-none-match")?.map(str::to_owned),
        if_modified_since: first("if-modified-since")?.and_then(|text| date::read(text.trim())),
    })
}

/// The path of a target, `/a%20b?query` or `http://host/a%20b`, decoded.
fn path(target: &str) -> Result<Vec<u8>, Status> {
    let whole = match target.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => target,
    };
    let raw = whole.split(['?', '#']).next().unwrap_or_default();
    if !raw.starts_with('/') {
        return Err(Status::BadRequest);
    }
    let mut bytes = raw.bytes();
    let mut path = Vec::with_capacity(raw.len());
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                match (digit(bytes.next()), digit(bytes.next())) {
                    (Some(high), Some(low)) => (high << 4 | low) as u8,
                    _ => return Err(Status::BadRequest),
                }
            }
            byte => byte,
        };
        if byte == 0 {
            return Err(Status::BadRequest);
        }
        path.push(byte);
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Request {
        match parse(text.as_bytes()) {
            Parsed::Whole(request, len) if len == text.len() => request,
            other => panic!("{text:?}: {other:?}"),
        }
    }

    fn wrong(text: &str) -> Status {
        match parse(text.as_bytes()) {
            Parsed::Wrong(status) => status,
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn requests_say_what_they_ask_for() {
        let request = whole("GET /a%20b%2Fc?d=%zz HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2\r\n\r\n");
        assert_eq!((&*request.path, request.head_only, request.stays), (&b"/a b/c"[..], false, true));
        assert_eq!(request.range, Some(Range::From(1, Some(2))));
        assert!(whole("HEAD http://x HTTP/1.1\r\nHost: x\r\n\r\n").head_only);
        assert!(!whole("GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n").stays);
        assert!(!whole("GET / HTTP/1.0\r\n\r\n").stays);
        assert!(whole("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").stays);
        let dated = whole("GET / HTTP/1.1\r\nHost: x\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
        assert_eq!(dated.if_modified_since, Some(784_111_777));
        let undated = whole("GET / HTTP/1.1\r\nHost: x\r\nIf-Modified-Since: yesterday\r\n\r\n");
        assert_eq!(undated.if_modified_since, None);
    }

    #[test]
    fn every_beginning_is_a_part() {
        let text = "GET /file HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1-\r\n\r\n";
        for len in 0..text.len() {
            assert_eq!(parse(&text.as_bytes()[..len]), Parsed::Part, "{len}");
        }
        assert!(matches!(parse(format!("{text}GET /").as_bytes()), Parsed::Whole(_, len) if len == text.len()));
    }

    #[test]
    fn what_is_wrong_has_a_status() {
        for (text, status) in [
            ("nonsense\r\n\r\n", Status::BadRequest),
            ("GET / HTTP/1.1\r\n\r\n", Status::BadRequest),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Status::BadRequest),
            ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", Status::BadRequest),
            ("GET /%0 HTTP/1.1\r\nHost: a\r\n\r\n", Status::BadRequest),
            ("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", Status::BadRequest),
            ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", Status::BadRequest),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", Status::BadRequest),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n", Status::BadRequest),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Status::BadRequest),
            ("GET / HTTP/1.1\r\nno colon\r\n\r\n", Status::BadRequest),
            ("GET / FTP/1.1\r\n\r\n", Status::BadRequest),
            ("GET / HTTP/2.0\r\n\r\n", Status::VersionNotSupported),
            ("GET / HTTP/0.9\r\n\r\n", Status::VersionNotSupported),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", Status::MethodNotAllowed),
            ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", Status::MethodNotAllowed),
        ] {
            assert_eq!(wrong(text), status, "{text:?}");
        }
        let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(HEAD_MAX));
        assert_eq!(wrong(&long), Status::HeadTooLarge);
        let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(FIELDS_MAX));
        assert_eq!(wrong(&many), Status::HeadTooLarge);
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        let of = |text: &str, len| Range::parse(text).map(|range| range.of(len));
        assert_eq!(of("bytes=0-0", 10), Some(Some((0, 1))));
        assert_eq!(of("bytes=2-", 10), Some(Some((2, 8))));
        assert_eq!(of("bytes=2-99", 10), Some(Some((2, 8))));
        assert_eq!(of("bytes=0-18446744073709551615", 10), Some(Some((0, 10))));
        assert_eq!(of("bytes=-3", 10), Some(Some((7, 3))));
        assert_eq!(of("bytes=-99", 10), Some(Some((0, 10))));
        assert_eq!(of("bytes=10-", 10), Some(None));
        assert_eq!(of("bytes=-0", 10), Some(None));
        assert_eq!(of("bytes=-5", 0), Some(None));
        for none in ["bytes=5-2", "bytes=a-", "bytes=+1-2", "lines=1-2", "bytes=0-1,3-4", "bytes=-", "bytes="] {
            assert_eq!(of(none, 10), None, "{none}");
        }
    }
}
