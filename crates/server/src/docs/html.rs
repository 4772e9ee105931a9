//! Writes HTML. Text is escaped.

use std::fmt::Write as _;

/// A piece of HTML.
#[derive(Clone, Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Returns a text, escaped.
    pub(super) fn text(text: &str) -> Self {
        let mut html = Self::default();
        html.add_text(text);
        html
    }

    /// Returns an element with attributes, whose values are escaped.
    pub(super) fn element(name: &str, attributes: &[(&str, &str)], content: impl Into<Self>) -> Self {
        let mut html = Self(format!("<{name}"));
        for (attribute, value) in attributes {
            let _ = write!(html.0, " {attribute}=\"");
            html.add_text(value);
            html.0.push('"');
        }
        let _ = write!(html.0, ">{}</{name}>", content.into().0);
        html
    }

    /// Returns a text in which what stands in backquotes is code.
    pub(super) fn prose(text: &str) -> Self {
        let mut html = Self::default();
        for (index, part) in text.split('`').enumerate() {
            if index % 2 == 1 {
                html.add(Self::element("code", &[], part));
            } else {
                html.add_text(part);
            }
        }
        html
    }

    pub(super) fn add(&mut self, html: impl Into<Self>) {
        self.0.push_str(&html.into().0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add_text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
    }

    /// Returns a whole document with this body.
    pub(super) fn into_document(self, title: &str, style_sheet: &str) -> String {
        let title = Self::text(title).0;
        let style_sheet = Self::text(style_sheet).0;
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
             <link rel=\"stylesheet\" href=\"{style_sheet}\"></head>\n<body>{}</body></html>\n",
            self.0
        )
    }
}

impl From<&str> for Html {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl FromIterator<Self> for Html {
    fn from_iter<T: IntoIterator<Item = Self>>(parts: T) -> Self {
        let mut html = Self::default();
        parts.into_iter().for_each(|part| html.add(part));
        html
    }
}

#[cfg(test)]
mod tests {
    use super::Html;

    #[test]
    fn text_and_attributes_cannot_become_markup() {
        let html = Html::element("a", &[("href", "\"><script>")], "<b> & 'c'");
        assert_eq!(html.0, "<a href=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt; &amp; &#39;c&#39;</a>");
        assert_eq!(Html::prose("a `<i>` b").0, "a <code>&lt;i&gt;</code> b");
    }
}
