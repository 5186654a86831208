//! The pages that the server makes, and the kinds of files by their names.

use crate::answer::Status;
use crate::find::Entry;
use std::fmt::Write as _;
use std::path::Path;

/// The page of an error.
pub(crate) fn error(status: Status) -> String {
    let (code, reason) = status.line();
    format!("<!DOCTYPE html>\n<title>{code} {reason}</title>\n<h1>{code} {reason}</h1>\n")
}

/// The page of a folder. `path` ends with a slash.
pub(crate) fn listing(path: &[u8], entries: &[Entry]) -> String {
    let title = escaped(path);
    let mut page =
        format!("<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<h1>{title}</h1>\n<ul>\n");
    if path != b"/" {
        page.push_str("<li><a href=\"../\">../</a></li>\n");
    }
    for entry in entries {
        let slash = if entry.is_folder { "/" } else { "" };
        // Of a name alone a browser could take what stands before a colon for a scheme.
        let (link, name) = (encoded(&entry.name), escaped(&entry.name));
        let len = if entry.is_folder { String::new() } else { format!(" {}", entry.len) };
        let _ = writeln!(page, "<li><a href=\"./{link}{slash}\">{name}{slash}</a>{len}</li>");
    }
    page.push_str("</ul>\n");
    page
}

/// As a part of a path in a link: all that is no letter, digit or `-._~` as `%` and two digits.
pub(crate) fn encoded(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            byte => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// As text of a page: what begins markup, or ends an attribute, is written out.
fn escaped(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for character in String::from_utf8_lossy(name).chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            character => text.push(character),
        }
    }
    text
}

/// What a file is, by the end of its name. The bytes say more than any name, but a browser is told not to look at them.
pub(crate) fn kind(name: &Path) -> &'static str {
    let end = name.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
    match end.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "txt" | "md" | "rs" | "toml" | "log" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "json" | "map" => "application/json",
        "xml" => "application/xml",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/vnd.microsoft.icon",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup_and_no_path() {
        let entry = |name: &str, is_folder| Entry { name: name.into(), is_folder, len: 7 };
        let page = listing(b"/<a>/", &[entry("a&b\"<script>'.txt", false), entry("javascript:x", true)]);
        assert!(page.contains("<title>/&lt;a&gt;/</title>"), "{page}");
        assert!(
            page.contains("<a href=\"./a%26b%22%3Cscript%3E%27.txt\">a&amp;b&quot;&lt;script&gt;&#39;.txt</a> 7</li>")
        );
        assert!(page.contains("<a href=\"./javascript%3Ax/\">javascript:x/</a></li>"), "{page}");
        assert!(page.contains("href=\"../\"") && !listing(b"/", &[]).contains("href=\"../\""));
        assert_eq!(encoded("ü /?#%".as_bytes()), "%C3%BC%20%2F%3F%23%25");
    }

    #[test]
    fn kinds_are_told_by_the_end() {
        assert_eq!(kind(Path::new("a/b.HTML")), "text/html; charset=utf-8");
        assert_eq!(kind(Path::new("a.tar.gz")), "application/gzip");
        assert_eq!(kind(Path::new("html")), "application/octet-stream");
    }
}
