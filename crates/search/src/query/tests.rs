use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// Writes a query: `!` leaves out, `~` is a prefix, quotes are quotes.
fn show(query: &Query) -> String {
    let text = |text: &Text| match (text.quoted, text.prefix) {
        (true, _) => format!("\"{}\"", text.text),
        (false, true) => format!("{}~", text.text),
        (false, false) => text.text.clone(),
    };
    let condition = |condition: &Condition| match condition {
        Condition::Text { field: None, text: words } => text(words),
        Condition::Text { field: Some(field), text: words } => format!("{field:?}:{}", text(words)),
        Condition::Property { key, value } => format!("[{key}]={}", text(value)),
        Condition::Stock { least: i64::MIN, most } => format!("stock..{most}"),
        Condition::Stock { least, most: i64::MAX } => format!("stock{least}.."),
        Condition::Stock { least, most } => format!("stock{least}..{most}"),
    };
    let term =
        |term: &QueryTerm| format!("{}{}", if term.negated { "!" } else { "" }, condition(&term.condition));
    query.terms.iter().map(term).collect::<Vec<_>>().join(" ")
}

#[rstest]
#[case("", "")]
#[case("   ", "")]
#[case("resistor", "resistor~")]
#[case("  10k   resistor ", "10k resistor~")]
#[case("\"thin film\" 10k", "\"thin film\" 10k~")]
#[case("10k \"thin film\"", "10k \"thin film\"")]
#[case("\"not closed", "\"not closed\"")]
#[case("“thin film”", "\"thin film\"")]
#[case("\"\"", "")]
#[case("10k -resistor", "10k !resistor")]
#[case("-\"thin film\" a", "!\"thin film\" a~")]
#[case("-name:a b", "!Name:a b~")]
#[case("RC0603-07", "RC0603-07~")]
#[case("- a", "a~")]
#[case("name:foo", "Name:foo~")]
#[case("NAME:\"foo bar\" x", "Name:\"foo bar\" x~")]
#[case("number:1 part_number:2", "Number:1 Number:2~")]
#[case("mpn:1 supplier_number:2 sku:3", "Mpn:1 SupplierNumber:2 SupplierNumber:3~")]
#[case("manufacturer:a supplier:b", "Manufacturer:a Supplier:b~")]
#[case("category:a location:b tag:c", "Category:a Location:b Tag:c~")]
#[case("maker:a place:b", "Manufacturer:a Location:b~")]
#[case("tag：c", "Tag:c~")]
#[case("tolerance=1% x", "[tolerance]=1% x~")]
#[case("max_voltage=\"50 V\"", "[max_voltage]=\"50 V\"")]
#[case("spannung=5", "[spannung]=5~")]
#[case("stock<10", "stock..9")]
#[case("stock<=10", "stock..10")]
#[case("stock>10", "stock11..")]
#[case("stock>=10", "stock10..")]
#[case("stock=10", "stock10..10")]
#[case("stock:10", "stock10..10")]
#[case("stock:<10", "stock..9")]
#[case("quantity<-1", "stock..-2")]
#[case("-stock＜10", "!stock..9")]
#[case("10:1", "10:1~")]
#[case("a \"b\"c", "a \"b\" c~")]
#[case("=5", "=5~")]
fn a_query_is_understood(#[case] text: &str, #[case] expected: &str) {
    let query = Query::parse(text);
    assert_eq!(show(&query), expected);
    assert_eq!(query.notes(), [], "nothing to remark");
}

#[rstest]
#[case("colour:red x", "colour:red x~", &[Note::UnknownField("colour".into())])]
#[case("http://example.org", "http://example.org~", &[Note::UnknownField("http".into())])]
#[case("length<3", "length<3~", &[Note::UnknownField("length".into())])]
#[case("colour:\"dark red\"", "\"colour:dark red\"", &[Note::UnknownField("colour".into())])]
#[case("stock<few", "stock<few~", &[Note::NoNumber("stock<few".into())])]
#[case("stock<99999999999999999999", "stock<99999999999999999999~", &[Note::NoNumber("stock<99999999999999999999".into())])]
#[case("10k name:", "10k~", &[Note::NoValue("name".into())])]
#[case("stock< 10", "10~", &[Note::NoValue("stock".into())])]
fn what_is_not_understood_is_searched_as_words(
    #[case] text: &str,
    #[case] expected: &str,
    #[case] notes: &[Note],
) {
    let query = Query::parse(text);
    assert_eq!(show(&query), expected);
    assert_eq!(query.notes(), notes);
}

#[test]
fn a_long_query_is_cut() {
    let many = "word ".repeat(MAX_TERMS + 1);
    assert_eq!(Query::parse(&many).terms.len(), MAX_TERMS);
    assert_eq!(Query::parse(&many).notes(), [Note::TooLong]);
    let long = "w".repeat(MAX_CHARACTERS + 1);
    assert_eq!(Query::parse(&long).notes(), [Note::TooLong]);
    assert_eq!(show(&Query::parse(&long)).len(), MAX_CHARACTERS + 1);
}

proptest! {
    #[test]
    fn any_text_is_a_query(text in r#"([ a-c"':=<>\-0-9%.ÄΩ抵]|name:|stock<|tag:){0,40}|\PC{0,60}"#) {
        let query = Query::parse(&text);
        prop_assert!(query.terms.len() <= MAX_TERMS);
    }
}
