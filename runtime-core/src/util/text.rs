//! Text built while the compiler runs, so that a rule can say the value it found.

/// Bytes that a [`Text`] holds; what is longer is cut.
const CAPACITY: usize = 320;

/// A short text with a `const` interface.
///
/// ```
/// use bespoke_core::util::text::Text;
/// const T: Text = Text::new().s("LOCAL_QUEUE is ").n(100);
/// assert_eq!(T.as_str(), "LOCAL_QUEUE is 100");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Text {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Text {
    /// The empty text.
    #[must_use]
    pub const fn new() -> Self {
        Text { bytes: [0; CAPACITY], len: 0 }
    }

    /// Appends a string.
    #[must_use]
    pub const fn s(mut self, s: &str) -> Self {
        let bytes = s.as_bytes();
        let mut i = 0;
        while i < bytes.len() && self.len < CAPACITY {
            self.bytes[self.len] = bytes[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// Appends a number in decimal.
    #[must_use]
    pub const fn n(mut self, mut n: usize) -> Self {
        let mut digits = [0u8; 20];
        let mut count = 0;
        loop {
            digits[count] = b'0' + (n % 10) as u8;
            count += 1;
            n /= 10;
            if n == 0 {
                break;
            }
        }
        while count > 0 && self.len < CAPACITY {
            count -= 1;
            self.bytes[self.len] = digits[count];
            self.len += 1;
        }
        self
    }

    /// The text so far. A text that was cut inside a character reads as empty.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(s) => s,
            Err(_) => "",
        }
    }

    /// Panics with the text: at compile time, the error message.
    ///
    /// # Panics
    /// Always.
    #[track_caller]
    pub const fn fail(self) -> ! {
        panic!("{}", self.as_str())
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

/// Are two strings equal? (`==` is not `const`.)
#[must_use]
pub const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_numbers_and_is_cut_at_its_capacity() {
        assert_eq!(Text::new().n(0).s(" and ").n(usize::MAX).as_str(), "0 and 18446744073709551615");
        let mut long = Text::new();
        for _ in 0..100 {
            long = long.s("0123456789");
        }
        assert_eq!(long.as_str().len(), CAPACITY);
    }

    #[test]
    fn same_compares_whole_strings() {
        assert!(same("Driver", "Driver"));
        assert!(!same("Driver", "Drive"));
        assert!(!same("Driver", "Drives"));
    }
}
