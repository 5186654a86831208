//! Reading Rust as text: blanking what is not code, finding words, finding test code.

/// `text` with comments and the contents of string and char literals replaced by spaces. Byte offsets and lines stay.
pub(crate) fn code(text: &str) -> String {
    let src = text.as_bytes();
    let mut out = src.to_vec();
    let mut i = 0;
    while i < src.len() {
        let end = match src[i] {
            b'/' if src[i..].starts_with(b"//") => line_end(src, i),
            b'/' if src[i..].starts_with(b"/*") => block_end(src, i),
            b'"' => quote_end(src, i + 1),
            b'r' if !is_word(before(src, i)) || before(src, i) == b'b' || before(src, i) == b'c' => raw_end(src, i),
            b'\'' => char_end(src, i),
            _ => i,
        };
        for byte in &mut out[i..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        i = end.max(i + 1);
    }
    String::from_utf8(out).expect("whole literals and comments were blanked")
}

fn before(src: &[u8], i: usize) -> u8 {
    if i == 0 { b' ' } else { src[i - 1] }
}

fn line_end(src: &[u8], i: usize) -> usize {
    src[i..].iter().position(|&b| b == b'\n').map_or(src.len(), |n| i + n)
}

fn block_end(src: &[u8], mut i: usize) -> usize {
    let mut depth = 0;
    while i < src.len() {
        if src[i..].starts_with(b"/*") {
            depth += 1;
            i += 2;
        } else if src[i..].starts_with(b"*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    src.len()
}

fn quote_end(src: &[u8], mut i: usize) -> usize {
    while i < src.len() {
        match src[i] {
            b'\\' => i += 2,
            b'"' => return i + 1,
            _ => i += 1,
        }
    }
    src.len()
}

/// The end of a raw string that starts with the `r` at `i`; `i` if none does.
fn raw_end(src: &[u8], i: usize) -> usize {
    let hashes = src[i + 1..].iter().take_while(|&&b| b == b'#').count();
    if src.get(i + 1 + hashes) != Some(&b'"') {
        return i;
    }
    let close: Vec<u8> = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let body = i + 2 + hashes;
    src[body..].windows(close.len()).position(|w| w == close).map_or(src.len(), |n| body + n + close.len())
}

/// The end of the char literal at `i`; `i` for a lifetime.
fn char_end(src: &[u8], i: usize) -> usize {
    match src.get(i + 1) {
        Some(b'\\') => {
            src.get(i + 3..).and_then(|s| s.iter().position(|&b| b == b'\'')).map_or(src.len(), |n| i + 4 + n)
        }
        // One character, up to four bytes, and the closing quote.
        Some(&first) => {
            let width = match first {
                0..0x80 => 1,
                0x80..0xE0 => 2,
                0xE0..0xF0 => 3,
                _ => 4,
            };
            if src.get(i + 1 + width) == Some(&b'\'') { i + 2 + width } else { i }
        }
        None => i,
    }
}

/// Whether a byte can be part of an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Offsets at which `word` stands alone, not as part of a longer identifier.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let src = text.as_bytes();
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let (first, last) = (word.as_bytes()[0], word.as_bytes()[word.len() - 1]);
        let open = !is_word(first) || !is_word(before(src, at));
        let close = !is_word(last) || !src.get(at + word.len()).copied().is_some_and(is_word);
        open && close
    })
}

/// The identifier at the start of `text`, empty if there is none.
pub(crate) fn ident(text: &str) -> &str {
    &text[..text.bytes().take_while(|&b| is_word(b)).count()]
}

/// The line of a byte offset, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count()
}

/// The offset just behind the bracket that closes the one at `at`.
pub(crate) fn matching(code: &str, at: usize) -> usize {
    let mut depth = 0usize;
    for (n, byte) in code.bytes().enumerate().skip(at) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return n + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// `code` without the items under a `#[cfg(…)]` that asks for `test`: blanked, offsets and lines stay.
pub(crate) fn without_tests(code: &str) -> String {
    let mut out = code.as_bytes().to_vec();
    for (at, _) in code.match_indices("#[cfg(") {
        let attribute_end = matching(code, at + 1);
        let condition: String = code[at..attribute_end].split_whitespace().collect();
        if words(&condition, "test").next().is_none() || condition.contains("not(test") {
            continue;
        }
        // The item ends at its first `;` or after its first `{…}`, whichever comes first.
        let mut end = attribute_end;
        while end < code.len() {
            match code.as_bytes()[end] {
                b';' => break,
                b'{' => {
                    end = matching(code, end);
                    break;
                }
                b'(' | b'[' => end = matching(code, end),
                _ => end += 1,
            }
        }
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(out).expect("whole items were blanked")
}

/// Whether all of a file is test code.
pub(crate) fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|part| part == "tests")
}

/// The code of the product in a file: nothing of a test file, and no test items.
pub(crate) fn product(path: &str, text: &str) -> String {
    if is_test_file(path) { String::new() } else { without_tests(&code(text)) }
}

#[test]
fn comments_and_literals_are_blanked() {
    let text = "a /* x /* y */ z */ b // c\n\"d\\\"e\" r#\"f\"g\"# 'h' '\\'' '\\u{1F600}' 'é' &'static str br\"i\"";
    let blank = code(text);
    assert_eq!(blank.len(), text.len());
    let left: Vec<&str> = blank.split_whitespace().collect();
    assert_eq!(left, ["a", "b", "&'static", "str", "b"]);
    assert_eq!(line_of(&blank, blank.len()), 2);
}

#[test]
fn test_items_are_blanked_and_the_rest_stays() {
    let text = "fn a() {}\n#[cfg(all(test, loom))]\n#[path = \"x.rs\"]\nmod tests {\n fn b() { 1; }\n}\nfn c() {}\n\
                #[cfg(test)]\nuse d::e;\n#[cfg(not(test))]\nfn f() {}\n#[cfg(loom)]\nfn g() {}";
    let left = without_tests(&code(text));
    for (name, stays) in [("a", true), ("b", false), ("c", true), ("d", false), ("f", true), ("g", true)] {
        assert_eq!(words(&left, name).next().is_some(), stays, "{name} in {left}");
    }
}

#[test]
fn words_stand_alone() {
    assert_eq!(words("libc xlibc libc_ (libc)", "libc").collect::<Vec<_>>(), [0, 18]);
    assert_eq!(ident("abc_1::d"), "abc_1");
    assert_eq!(matching("x{a(b)[c]}y", 1), 10);
}
