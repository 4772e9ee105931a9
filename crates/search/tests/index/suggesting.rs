//! Suggestions for words that do not occur.

use crate::support::{index_of, named};
use rstest::rstest;
use search::{Document, Index, Query};

fn index() -> Index {
    let capacitors = (0..3).map(|id| named(&format!("c{id}"), "Capacitor 10uF"));
    let described = Document { description: "Widerstand".to_owned(), ..named("r", "Resistor R2") };
    index_of(&capacitors.chain([described, named("a", "Capacitors assorted")]).collect::<Vec<_>>())
}

#[rstest]
#[case::one_mistake("resistr", "resistr: resistor")]
#[case::two_mistakes("risistur", "risistur: resistor")]
#[case::swapped("capactior", "capactior: capacitor")]
#[case::most_frequent_first("capacitorz", "capacitorz: capacitor capacitors")]
#[case::accent("widerständ resixtor", "resixtor: resistor")]
#[case::only_the_unknown_word("capacitor resixtor", "resixtor: resistor")]
#[case::nothing_similar("transformer", "")]
#[case::what_occurs("resistor", "")]
#[case::prefix_that_occurs("resis", "")]
#[case::too_short("rx", "")]
#[case::short_words_have_one_mistake("r2x", "r2x: r2")]
#[case::left_out("-resixtor", "")]
#[case::in_its_field("name:widerstant", "")]
#[case::field("name:resistro", "resistro: resistor")]
fn similar_words_are_suggested(#[case] text: &str, #[case] expected: &str) {
    let suggestions = index().suggest(&Query::parse(text)).unwrap();
    let shown: Vec<String> = suggestions
        .iter()
        .map(|suggestion| format!("{}: {}", suggestion.word, suggestion.instead.join(" ")))
        .collect();
    assert_eq!(shown.join("; "), expected);
}
