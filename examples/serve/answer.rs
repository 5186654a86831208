//! What is answered: status, fields, and which bytes.

use crate::date;
use crate::find::{self, Found};
use crate::page;
use crate::request::Request;
use std::fmt::Write as _;
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Fine,
    PartialContent,
    MovedPermanently,
    NotModified,
    BadRequest,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    RangeNotSatisfiable,
    HeadTooLarge,
    Internal,
    VersionNotSupported,
}

impl Status {
    pub(crate) fn line(self) -> (u16, &'static str) {
        match self {
            Status::Fine => (200, "OK"),
            Status::PartialContent => (206, "Partial Content"),
            Status::MovedPermanently => (301, "Moved Permanently"),
            Status::NotModified => (304, "Not Modified"),
            Status::BadRequest => (400, "Bad Request"),
            Status::Forbidden => (403, "Forbidden"),
            Status::NotFound => (404, "Not Found"),
            Status::MethodNotAllowed => (405, "Method Not Allowed"),
            Status::RequestTimeout => (408, "Request Timeout"),
            Status::RangeNotSatisfiable => (416, "Range Not Satisfiable"),
            Status::HeadTooLarge => (431, "Request Header Fields Too Large"),
            Status::Internal => (500, "Internal Server Error"),
            Status::VersionNotSupported => (505, "HTTP Version Not Supported"),
        }
    }
}

/// What goes to the client.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status and fields, with the empty line; of a small page, the page, too.
    pub(crate) head: Vec<u8>,
    pub(crate) body: Option<Part>,
    /// Does the connection stay?
    pub(crate) stays: bool,
}

/// Bytes of a file.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) file: File,
    pub(crate) at: u64,
    pub(crate) len: u64,
}

/// Answers a request with what is below `root`. May wait for a disk.
pub(crate) fn answer(root: &Path, request: &Request) -> Answer {
    match find::find(root, &request.path) {
        Ok(Found::File { file, metadata, name }) => of_file(request, file, &metadata, &name),
        Ok(Found::Folder(entries)) => {
            let page = page::listing(&request.path, &entries);
            of_page(Status::Fine, &[], &page, request.head_only, Connection::of(request))
        }
        Ok(Found::FolderWithoutSlash) => {
            let mut place = String::new();
            for part in request.path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
                let _ = write!(place, "/{}", page::encoded(part));
            }
            let status = Status::MovedPermanently;
            let location = format!("Location: {place}/");
            of_page(status, &[&location], &page::error(status), request.head_only, Connection::of(request))
        }
        Err(status) => of_page(status, &[], &page::error(status), request.head_only, Connection::of(request)),
    }
}

/// Answers what is no request, and ends the connection.
pub(crate) fn refusal(status: Status) -> Answer {
    let fields: &[&str] = match status {
        Status::MethodNotAllowed => &["Allow: GET, HEAD"],
        _ => &[],
    };
    of_page(status, fields, &page::error(status), false, Connection::Ends)
}

/// What a head says of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    /// Nothing: it stays.
    Stays,
    /// That it stays, which a client of HTTP/1.0 does not expect.
    StaysAsAsked,
    Ends,
}

impl Connection {
    fn of(request: &Request) -> Self {
        match (request.stays, request.old) {
            (false, _) => Connection::Ends,
            (true, true) => Connection::StaysAsAsked,
            (true, false) => Connection::Stays,
        }
    }
}

fn head(status: Status, connection: Connection) -> String {
    let (code, reason) = status.line();
    let mut head = format!("HTTP/1.1 {code} {reason}\r\nDate: {}\r\n", date::write(date::now()));
    head.push_str(match connection {
        Connection::Stays => "",
        Connection::StaysAsAsked => "Connection: keep-alive\r\n",
        Connection::Ends => "Connection: close\r\n",
    });
    head
}

fn of_page(status: Status, fields: &[&str], page: &str, head_only: bool, connection: Connection) -> Answer {
    let mut head = head(status, connection);
    for field in fields {
        head.push_str(field);
        head.push_str("\r\n");
    }
    let len = page.len();
    let _ = write!(head, "Content-Type: text/html; charset=utf-8\r\nContent-Length: {len}\r\n\r\n");
    let page = if head_only { "" } else { page };
    Answer { head: [head.as_bytes(), page.as_bytes()].concat(), body: None, stays: connection != Connection::Ends }
}

fn of_file(request: &Request, file: File, metadata: &Metadata, name: &Path) -> Answer {
    let (len, connection) = (metadata.len(), Connection::of(request));
    let modified = metadata.modified().map_or(0, date::seconds);
    // What is written twice within the clock's step and keeps its length keeps its tag.
    let tag = format!("\"{:x}-{:x}.{:x}\"", len, metadata.mtime(), metadata.mtime_nsec());
    let dated = date::write(modified);
    let known = format!("ETag: {tag}\r\nLast-Modified: {dated}\r\n");
    let none = |status, fields: &str| {
        let head = format!("{}{fields}\r\n", head(status, connection)).into_bytes();
        Answer { head, body: None, stays: connection != Connection::Ends }
    };
    // The tag is the better condition: where there is one, the date does not count. RFC 9110 §13.2.2.
    let unchanged = match (&request.if_none_match, request.if_modified_since) {
        (Some(tags), _) => is_one_of(&tag, tags),
        (None, Some(since)) => modified <= since,
        (None, None) => false,
    };
    if unchanged {
        return none(Status::NotModified, &known);
    }
    let still = request.if_range.as_deref().is_none_or(|same| same.trim() == tag || same.trim() == dated);
    let range = request.range.filter(|_| still && !request.head_only).map(|range| range.of(len));
    let (status, at, part) = match range {
        None => (Status::Fine, 0, len),
        Some(Some((at, part))) => (Status::PartialContent, at, part),
        Some(None) => {
            return none(
                Status::RangeNotSatisfiable,
                &format!("Content-Range: bytes */{len}\r\nContent-Length: 0\r\n"),
            );
        }
    };
    let mut head = head(status, connection);
    if status == Status::PartialContent {
        let _ = write!(head, "Content-Range: bytes {at}-{}/{len}\r\n", at + part - 1);
    }
    let kind = page::kind(name);
    let _ = write!(
        head,
        "{known}Accept-Ranges: bytes\r\nContent-Type: {kind}\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Length: {part}\r\n\r\n"
    );
    let body = (part > 0 && !request.head_only).then_some(Part { file, at, len: part });
    Answer { head: head.into_bytes(), body, stays: connection != Connection::Ends }
}

/// Is a tag in a list of them? `W/` says that another tag may stand for the same, which here is no matter.
fn is_one_of(tag: &str, list: &str) -> bool {
    list.trim() == "*" || list.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}
