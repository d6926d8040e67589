//! How kanji are read: `｜相談《そうだん》` in a file of words carries the reading of 相談, as Aozora Bunko writes furigana.
//! Fluent's own braces stay free, so that every editor of Fluent files still understands them. No screen shows readings yet.

/// Begins a word that has a reading.
const WORD: char = '｜';
/// Begins the reading.
const READING: char = '《';
/// Ends it.
const END: char = '》';

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What is written.
    pub text: String,
    /// How it is read, in kana; nothing where no reading was given.
    pub reading: Option<String>,
}

/// The text in parts, those with a reading alone. Marks that make no pair stay as they are written.
pub fn spans(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut rest = text;
    while let Some((before, text, reading, after)) = next(rest) {
        push(&mut spans, before);
        spans.push(Span { text: text.to_owned(), reading: Some(reading.to_owned()) });
        rest = after;
    }
    push(&mut spans, rest);
    spans
}

/// The text without its readings.
pub fn without(text: &str) -> String {
    spans(text).into_iter().map(|span| span.text).collect()
}

fn push(spans: &mut Vec<Span>, text: &str) {
    if !text.is_empty() {
        spans.push(Span { text: text.to_owned(), reading: None });
    }
}

/// What stands before the first word with a reading, the word, its reading, and the rest.
fn next(text: &str) -> Option<(&str, &str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(WORD)?;
        let inside = text.get(at + WORD.len_utf8()..)?;
        let pair = inside.split_once(READING).and_then(|(word, rest)| {
            let (reading, after) = rest.split_once(END)?;
            let sound = |part: &str| !part.is_empty() && !part.contains([WORD, READING, END, '\n']);
            (sound(word) && sound(reading)).then_some((word, reading, after))
        });
        if let Some((word, reading, after)) = pair {
            return Some((text.get(..at)?, word, reading, after));
        }
        from = at + WORD.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str, reading: &str) -> Span {
        Span { text: text.to_owned(), reading: (!reading.is_empty()).then(|| reading.to_owned()) }
    }

    #[test]
    fn a_reading_is_kept_beside_its_word_and_can_be_left_out() {
        let text = "｜市《し》の ｜紙《かみ》を";
        assert_eq!(spans(text), [span("市", "し"), span("の ", ""), span("紙", "かみ"), span("を", "")]);
        assert_eq!(without(text), "市の 紙を");
        assert_eq!(without("no reading"), "no reading");
        assert_eq!(spans(""), []);
    }

    #[test]
    fn what_is_no_pair_of_word_and_reading_stays_as_it_is() {
        for text in ["｜", "｜市", "市《し》", "｜《し》", "｜市《》", "｜市\nの《し》", "》｜《"]
        {
            assert_eq!(without(text), text);
        }
        assert_eq!(without("a｜b｜市《し》"), "a｜b市");
    }
}
