//! As much of JSON as our own lines hold, read (RFC 8259).
//!
//! Figures between driver and binaries have no format, and whatever parses one is linked into nobody's binary: a hundred lines
//! instead of a dependency.

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// `null`, `true` or `false`, as it is written.
    Word(&'static str),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Reads one value that is all of `text`.
    ///
    /// # Errors
    /// At which byte it is none.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value()?;
        reader.blanks();
        if reader.at == text.len() { Ok(value) } else { reader.fail("the end") }
    }

    /// The member `name` of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The member `name` of an object, if it is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn fail<T>(&self, due: &str) -> Result<T, String> {
        Err(format!("byte {}: {due} was due", self.at + 1))
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Takes `word` if it comes next, after blanks.
    fn takes(&mut self, word: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn value(&mut self) -> Result<Value, String> {
        if let Some(word) = ["null", "true", "false"].into_iter().find(|word| self.takes(word)) {
            return Ok(Value::Word(word));
        }
        if self.takes("\"") {
            return self.string().map(Value::Text);
        }
        if self.takes("[") {
            return self.several("]", Self::value).map(Value::List);
        }
        if self.takes("{") {
            return self.several("}", Self::member).map(Value::Object);
        }
        let rest = self.rest();
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        match rest[..end].parse() {
            Ok(number) => {
                self.at += end;
                Ok(Value::Number(number))
            }
            Err(_) => self.fail("a value"),
        }
    }

    fn member(&mut self) -> Result<(String, Value), String> {
        if !self.takes("\"") {
            return self.fail("a name");
        }
        let name = self.string()?;
        if !self.takes(":") {
            return self.fail("a colon");
        }
        Ok((name, self.value()?))
    }

    /// What `one` reads, with commas between, up to `end`.
    fn several<T>(&mut self, end: &str, one: fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut list = Vec::new();
        if self.takes(end) {
            return Ok(list);
        }
        loop {
            list.push(one(self)?);
            if self.takes(end) {
                return Ok(list);
            }
            if !self.takes(",") {
                return self.fail("a comma");
            }
        }
    }

    /// What follows the first quote, up to the last one.
    fn string(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut letters = self.rest().char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at += at + 1;
                    return Ok(text);
                }
                '\\' => match letters.next() {
                    Some((_, plain @ ('"' | '\\' | '/'))) => text.push(plain),
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'u')) => {
                        let digits: String = letters.by_ref().take(4).map(|(_, digit)| digit).collect();
                        let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                        match code {
                            Some(code) => text.push(code),
                            None => return self.fail("a text whose escapes are letters"),
                        }
                    }
                    _ => return self.fail("a text with known escapes"),
                },
                other => text.push(other),
            }
        }
        self.fail("a text that ends")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read() {
        let text = r#" {"a": [1, -2.5e3, 0.125], "b": null, "c": true, "d": {}, "e": "x\"\\\u000a\u00e4", "f": []} "#;
        let value = Value::read(text).unwrap();
        let numbers = [1.0, -2500.0, 0.125].map(Value::Number);
        assert_eq!(value.get("a"), Some(&Value::List(numbers.to_vec())));
        assert_eq!(value.get("b"), Some(&Value::Word("null")));
        assert_eq!(value.get("c"), Some(&Value::Word("true")));
        assert_eq!(value.get("d"), Some(&Value::Object(vec![])));
        assert_eq!(value.text("e"), Some("x\"\\\nä"));
        assert_eq!(value.get("f"), Some(&Value::List(vec![])));
        assert_eq!(value.get("g"), None);
    }

    #[test]
    fn what_is_none_is_told_with_its_place() {
        for (text, why) in [
            ("", "byte 1: a value was due"),
            ("{\"a\" 1}", "byte 6: a colon was due"),
            ("[1 2]", "byte 4: a comma was due"),
            ("[1,]", "byte 4: a value was due"),
            ("{a: 1}", "byte 2: a name was due"),
            ("\"a", "byte 2: a text that ends was due"),
            ("\"\\q\"", "byte 2: a text with known escapes was due"),
            ("\"\\ud800\"", "byte 2: a text whose escapes are letters was due"),
            ("1 1", "byte 3: the end was due"),
            ("1-1", "byte 1: a value was due"),
        ] {
            assert_eq!(Value::read(text), Err(why.to_owned()), "{text}");
        }
    }
}
