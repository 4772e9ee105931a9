//! What a search finds.

use crate::support::{find, index_of, named, place, request};
use rstest::{fixture, rstest};
use search::{Changes, Document, Filters, Index, Request, Sort, Totals, Value};

/// Returns three parts that differ in everything.
#[fixture]
fn index() -> Index {
    let resistor = Document {
        number: "MM-0001".to_owned(),
        mpn: "RC0603FR-0710KL".to_owned(),
        supplier_number: "311-10.0KHRCT-ND".to_owned(),
        manufacturer: "Yageo".to_owned(),
        supplier: "DigiKey".to_owned(),
        description: "Thick film chip, 100 mW, für Messgeräte".to_owned(),
        properties: vec![
            ("Max. Voltage".to_owned(), "50 V".to_owned()),
            ("Tolerance".to_owned(), "1%".to_owned()),
        ],
        categories: vec![place("Resistors", &["c2", "c1"])],
        locations: vec![place("Drawer 7", &["l2", "l1"])],
        tags: vec![place("smd", &["t1"]), place("to order", &["t2"])],
        stock: 5,
        created_at: 30,
        ..named("r", "Resistor 10kΩ")
    };
    let capacitor = Document {
        number: "MM-0002".to_owned(),
        mpn: "GRM188R71".to_owned(),
        supplier_number: "490-1532-1-ND".to_owned(),
        manufacturer: "Murata".to_owned(),
        supplier: "Mouser".to_owned(),
        description: "Ceramic chip, X7R".to_owned(),
        properties: vec![("Dielectric".to_owned(), "Class II ceramic".to_owned())],
        categories: vec![place("Capacitors", &["c3", "c1"]), place("Ceramics", &["c4"])],
        locations: vec![place("Shelf", &["l3"])],
        tags: vec![place("SMD", &["t3"])],
        stock: 500,
        created_at: 10,
        ..named("c", "Capacitor 4.7 µF")
    };
    let japanese = Document { stock: 0, created_at: 20, ..named("j", "炭素皮膜抵抗器 1/4W") };
    index_of(&[resistor, capacitor, japanese])
}

#[rstest]
#[case::nothing_typed("", "c r j")]
#[case::any_order("film thick", "r")]
#[case::word_of_two("chip", "c r")]
#[case::all_words_must_be_there("chip thick ceramic", "")]
#[case::last_word_as_prefix("chip cer", "c")]
#[case::only_the_last("cer chip", "")]
#[case::prefix_of_one_letter("x", "c")]
#[case::prefix_of_five_letters("resis", "r")]
#[case::prefix_of_seven_letters("resisto", "r")]
#[case::long_prefix("messgerat", "r")]
#[case::case_and_accents("FÜR MESSGERÄTE", "r")]
#[case::without_accents("fur messgerate", "r")]
#[case::width("ｃｈｉｐ", "c r")]
#[case::ohm_as_word("10k ohm", "r")]
#[case::ohm_joined("10kohm", "r")]
#[case::ohm_with_unit_apart("10 kOhm", "r")]
#[case::ohm_sign("10k\u{2126}", "r")]
#[case::ohms_left_away("10k", "r")]
#[case::other_value("100kohm", "")]
#[case::micro_as_u("4.7uf", "c")]
#[case::micro_apart("4.7 uF", "c")]
#[case::micro_sign("4.7μF", "c")]
#[case::number_is_whole("4 capacitor", "")]
#[case::percent_is_whole("1%", "r")]
#[case::cjk("抵抗器", "j")]
#[case::cjk_part("抗器", "j")]
#[case::cjk_single("膜", "j")]
#[case::cjk_not_adjacent("炭抗", "")]
#[case::cjk_and_word("抵抗 1", "j")]
#[case::number("MM-0001", "r")]
#[case::number_without_hyphen("mm0001", "r")]
#[case::mpn_start("RC0603", "r")]
#[case::mpn_middle("0603FR", "r")]
#[case::mpn_middle_of_three("603", "r")]
#[case::mpn_end("10KL", "r")]
#[case::mpn_over_hyphen("FR0710", "r")]
#[case::mpn_with_hyphen("FR-0710", "r")]
#[case::supplier_number("khrct", "r")]
#[case::substring_and_word("0603 film", "r")]
#[case::substring_apart("0603KL", "")]
#[case::two_characters_are_a_prefix("GR", "c")]
#[case::two_characters_in_the_middle("RM", "")]
#[case::words_are_no_substrings("istor", "")]
#[case::phrase("\"thick film\"", "r")]
#[case::phrase_in_other_order("\"film thick\"", "")]
#[case::phrase_with_a_gap("\"thick chip\"", "")]
#[case::phrase_is_no_prefix("\"thick fil\"", "")]
#[case::phrase_over_texts("\"film resistor\"", "")]
#[case::phrase_of_a_quantity("\"resistor 10k ohm\"", "r")]
#[case::phrase_after_a_quantity("\"100mW fur\"", "r")]
#[case::without_word("chip -thick", "c")]
#[case::only_without("-chip", "j")]
#[case::without_phrase("chip -\"thick film\"", "c")]
#[case::without_field("-manufacturer:yageo", "c j")]
#[case::without_prefix_is_whole("-resis", "c r j")]
#[case::without_substring("chip -0603FR", "c")]
#[case::name("name:resistor", "r")]
#[case::name_prefix("name:res", "r")]
#[case::name_is_not_description("name:chip", "")]
#[case::name_phrase("name:\"resistor 10kΩ\"", "r")]
#[case::number_field("number:mm0002", "c")]
#[case::number_field_substring("number:000", "c r")]
#[case::number_field_start("number:m", "c r")]
#[case::number_field_is_not_mpn("number:0603", "")]
#[case::number_field_exact("number:\"MM-0002\"", "c")]
#[case::number_field_exact_is_whole("number:\"MM-000\"", "")]
#[case::mpn_field("mpn:0603", "r")]
#[case::mpn_field_is_not_number("mpn:0001", "")]
#[case::supplier_number_field("sku:490-1532", "c")]
#[case::manufacturer("manufacturer:mur", "c")]
#[case::supplier("supplier:digikey", "r")]
#[case::supplier_is_not_manufacturer("supplier:murata", "")]
#[case::category("category:resistors", "r")]
#[case::second_category("category:ceramics", "c")]
#[case::location("location:\"drawer 7\"", "r")]
#[case::location_not_elsewhere("location:film", "")]
#[case::tag("tag:smd", "c r")]
#[case::tag_phrase("tag:\"to order\"", "r")]
#[case::tag_word("tag:order", "r")]
#[case::property("tolerance=1%", "r")]
#[case::property_spelling("max_voltage=50v", "r")]
#[case::property_prefix("maxvoltage=5", "r")]
#[case::property_quoted_is_whole("maxvoltage=\"5\"", "")]
#[case::property_word("dielectric=ceramic", "c")]
#[case::property_whole("dielectric=\"class ii ceramic\"", "c")]
#[case::property_of_other_key("tolerance=50v", "")]
#[case::property_unknown("colour=red", "")]
#[case::property_as_words("dielectric class", "c")]
#[case::stock_below("stock<10", "r j")]
#[case::stock_above("stock>0", "c r")]
#[case::stock_equal("stock=5", "r")]
#[case::stock_and_word("chip stock<10", "r")]
#[case::stock_left_out("-stock<10", "c")]
#[case::stock_nothing("stock<-9223372036854775807 stock>0", "")]
#[case::unknown_field_as_words("thick:film", "r")]
#[case::only_signs("+ / *", "c r j")]
fn a_search_finds(index: Index, #[case] text: &str, #[case] expected: &str) {
    assert_eq!(find(&index, text), expected);
}

#[rstest]
#[case(Filters { category: Some("c1".to_owned()), ..Filters::default() }, "c r")]
#[case(Filters { category: Some("c4".to_owned()), ..Filters::default() }, "c")]
#[case(Filters { location: Some("l1".to_owned()), ..Filters::default() }, "r")]
#[case(Filters { location: Some("Shelf".to_owned()), ..Filters::default() }, "")]
#[case(Filters { tag: Some("t3".to_owned()), ..Filters::default() }, "c")]
#[case(Filters { tag: Some("t2".to_owned()), ..Filters::default() }, "r")]
#[case(Filters { supplier: Some("DigiKey".to_owned()), ..Filters::default() }, "r")]
#[case(Filters { manufacturer: Some("Murata".to_owned()), ..Filters::default() }, "c")]
#[case(Filters { max_stock: Some(5), ..Filters::default() }, "r j")]
#[case(Filters { max_stock: Some(5), category: Some("c1".to_owned()), ..Filters::default() }, "r")]
fn filters_compare_what_is_stored(index: Index, #[case] filters: Filters, #[case] expected: &str) {
    let results = index.search(&search::Request { filters, ..request("") }).unwrap();
    assert_eq!(results.ids.join(" "), expected);
}

#[rstest]
#[case(Sort::Name, "c r j", "j r c")]
#[case(Sort::Number, "j r c", "c r j")]
#[case(Sort::Stock, "j r c", "c r j")]
#[case(Sort::CreatedAt, "c j r", "r j c")]
#[case(Sort::Relevance, "c r j", "c r j")]
fn parts_are_sorted(index: Index, #[case] sort: Sort, #[case] ascending: &str, #[case] descending: &str) {
    for (descending, expected) in [(false, ascending), (true, descending)] {
        let results = index.search(&search::Request { sort, descending, ..request("") }).unwrap();
        assert_eq!(results.ids.join(" "), expected);
    }
}

#[test]
fn a_number_comes_before_a_name_and_a_name_before_the_rest() {
    let described = Document { description: "for the LM358".to_owned(), ..named("1", "A socket") };
    let number = Document { mpn: "LM-358".to_owned(), ..named("3", "Z amplifier") };
    let longer = Document { mpn: "LM358DR".to_owned(), ..named("4", "B amplifier") };
    let index = index_of(&[described, named("2", "Q LM358 board"), number, longer]);
    assert_eq!(find(&index, "lm358"), "3 2 1 4");
    for (page, id) in (1..).zip(["3", "2", "1", "4"]) {
        let results = index.search(&search::Request { page, page_size: 1, ..request("lm358") }).unwrap();
        assert_eq!(results.ids, [id]);
        assert_eq!(results.total, 4);
    }
}

#[test]
fn names_are_sorted_byte_by_byte_and_equal_ones_by_id() {
    let names = [("1", "b"), ("2", "B"), ("3", "ä"), ("4", "a"), ("5", "b"), ("6", ""), ("7", "ab")];
    let index = index_of(&names.map(|(id, name)| named(id, name)));
    let mut expected = names;
    expected.sort_by_key(|(id, name)| (*name, *id));
    let ascending = index.search(&search::Request { sort: Sort::Name, ..request("") }).unwrap().ids;
    assert_eq!(ascending, expected.map(|(id, _)| id));
    let reversed =
        index.search(&search::Request { sort: Sort::Name, descending: true, ..request("") }).unwrap().ids;
    assert_eq!(reversed.into_iter().rev().collect::<Vec<_>>(), ascending);
}

#[rstest]
fn parts_below_their_limit_are_found_with_the_other_conditions(index: Index) {
    let low = |id: &str, name: &str| Document { is_low: true, ..named(id, name) };
    let upserts = vec![low("l", "Resistor 1kΩ"), low("m", "Screw")];
    index.apply(&Changes { upserts, ..Changes::default() }).unwrap();
    let found = |text: &str| {
        let filters = Filters { only_low: true, ..Filters::default() };
        index.search(&Request { filters, sort: Sort::Name, ..request(text) }).unwrap().ids
    };
    assert_eq!(found(""), ["l", "m"]);
    assert_eq!(found("resistor"), ["l"]);
    index.apply(&Changes { upserts: vec![named("l", "Resistor 1kΩ")], ..Changes::default() }).unwrap();
    assert_eq!(found(""), ["m"], "its stock is no longer low");
}

/// With changed and deleted parts, so that there are several segments and documents that no longer count.
#[test]
fn the_totals_are_those_of_the_parts_that_are_there() {
    let part = |id: &str, stock, value: Option<(&str, i64)>| Document {
        stock,
        value: value.map(|(currency, amount)| Value { currency: currency.to_owned(), amount }),
        locations: if stock == 0 { vec![] } else { vec![place("Shelf", &["l1"])] },
        is_low: stock == 1,
        ..named(id, id)
    };
    let index = index_of(&[
        part("a", 1, Some(("EUR", 10))),
        part("b", 2, Some(("USD", 700))),
        part("c", 1, Some(("EUR", 5))),
        part("d", 9, None),
        part("gone", 1, Some(("CHF", 1))),
    ]);
    assert_eq!(index.totals().unwrap().parts, 5);
    let upserts = vec![part("a", 3, Some(("EUR", 30))), part("e", 0, None)];
    index.apply(&Changes { upserts, deletes: vec!["gone".to_owned()], ..Changes::default() }).unwrap();
    let value = |currency: &str, amount| Value { currency: currency.to_owned(), amount };
    let expected = Totals {
        parts: 5,
        stock: 15,
        out: 1,
        low: 1,
        nowhere: 1,
        priced: 3,
        values: vec![value("USD", 700), value("EUR", 35)],
    };
    assert_eq!(index.totals().unwrap(), expected);
    assert_eq!(index.totals().unwrap(), expected);
    index.clear().unwrap();
    assert_eq!(index.totals().unwrap(), Totals::default());
}
