//! Compares searches with a matcher that looks at every part, and knows no index.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::*;
use crate::fold::compact;
use crate::query::{Condition, Text, TextField};
use crate::schema::{property_key, property_value};
use crate::words::{document_words, query_words};
use crate::{Changes, Document, Index, Place};

fn has_words(texts: &[&str], text: &Text) -> bool {
    let mut words = query_words(&text.text);
    let prefix = words.pop_if(|last| text.prefix && !last.cjk);
    let texts: Vec<_> = texts.iter().map(|text| document_words(text)).collect();
    let prefixed = prefix.is_none_or(|prefix| {
        texts.iter().flatten().any(|word| !word.cjk && word.text.starts_with(&prefix.text))
    });
    let whole = words.first().is_none_or(|first| {
        let start = first.position;
        texts.iter().any(|text| {
            (0..=text.len()).any(|at| {
                let is_at = |word: &crate::words::Word| {
                    text.iter()
                        .any(|other| other.text == word.text && other.position + start == word.position + at)
                };
                words.iter().all(is_at)
            })
        })
    });
    prefixed && whole
}

fn contains(number: &str, text: &Text) -> bool {
    let (number, part) = (compact(number), compact(&text.text));
    match part.chars().count() {
        _ if text.quoted => number == part,
        1 | 2 => number.starts_with(&part),
        _ => number.contains(&part),
    }
}

fn all_texts(part: &Document) -> Vec<&str> {
    let mut texts = vec![
        part.name.as_str(),
        &part.number,
        &part.mpn,
        &part.supplier_number,
        &part.manufacturer,
        &part.description,
    ];
    texts.extend(part.tags.iter().map(|tag| tag.name.as_str()));
    texts.extend(part.categories.iter().map(|category| category.name.as_str()));
    texts.extend(part.properties.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]));
    texts
}

fn meets(part: &Document, condition: &Condition) -> bool {
    let numbers = [&part.number, &part.mpn, &part.supplier_number];
    match condition {
        Condition::Text { field: None, text } => {
            let substring = !text.quoted && compact(&text.text).chars().count() > 2;
            !query_words(&text.text).is_empty() && has_words(&all_texts(part), text)
                || substring && numbers.iter().any(|number| contains(number, text))
        }
        Condition::Text { field: Some(field), text } => match field {
            TextField::Number => contains(&part.number, text),
            TextField::Mpn => contains(&part.mpn, text),
            TextField::SupplierNumber => contains(&part.supplier_number, text),
            TextField::Name => has_words(&[&part.name], text),
            TextField::Manufacturer => has_words(&[&part.manufacturer], text),
            TextField::Supplier => has_words(&[&part.supplier], text),
            TextField::Tag => {
                has_words(&part.tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), text)
            }
            TextField::Category => {
                has_words(&part.categories.iter().map(|place| place.name.as_str()).collect::<Vec<_>>(), text)
            }
            TextField::Location => has_words(&[], text),
        },
        Condition::Property { key, value } => {
            let wanted = property_value(&value.text);
            let matches =
                |found: String| if value.prefix { found.starts_with(&wanted) } else { found == wanted };
            part.properties.iter().filter(|(found, _)| property_key(found) == property_key(key)).any(
                |(_, found)| {
                    matches(property_value(found))
                        || document_words(found).into_iter().any(|word| matches(word.text))
                },
            )
        }
        Condition::Stock { least, most } => (*least..=*most).contains(&part.stock),
    }
}

/// Tells a condition that has neither letters nor digits.
fn is_void(condition: &Condition) -> bool {
    matches!(condition, Condition::Text { text, .. } if query_words(&text.text).is_empty())
}

fn is_found(part: &Document, request: &Request) -> bool {
    let terms = request.query.terms.iter().filter(|term| !is_void(&term.condition));
    let filters = &request.filters;
    terms.into_iter().all(|term| meets(part, &term.condition) != term.negated)
        && filters.max_stock.is_none_or(|most| part.stock <= most)
        && filters.tag.as_ref().is_none_or(|tag| part.tags.iter().any(|found| found.ids.contains(tag)))
        && filters
            .category
            .as_ref()
            .is_none_or(|id| part.categories.iter().any(|place| place.ids.contains(id)))
}

fn rank(part: &Document, query: &Query) -> usize {
    let plain: String = query.plain_texts().map(|text| text.text.as_str()).collect();
    let numbers = [&part.number, &part.mpn, &part.supplier_number];
    if !compact(&plain).is_empty() && numbers.iter().any(|number| compact(number) == compact(&plain)) {
        return 0;
    }
    let mut texts = query.plain_texts().filter(|text| !query_words(&text.text).is_empty()).peekable();
    if texts.peek().is_some() && texts.all(|text| has_words(&[&part.name], text)) { 1 } else { 2 }
}

/// Returns what the search must return.
fn expected(parts: &BTreeMap<String, Document>, request: &Request) -> Results {
    let mut found: Vec<&Document> = parts.values().filter(|part| is_found(part, request)).collect();
    let id = |part: &&Document| part.id.clone();
    match request.sort {
        Sort::Relevance => {
            found.sort_by_key(|part| (rank(part, &request.query), part.name.clone(), id(part)))
        }
        Sort::Name => found.sort_by_key(|part| (part.name.clone(), id(part))),
        Sort::Number => found.sort_by_key(|part| (part.number.clone(), id(part))),
        Sort::Stock => found.sort_by_key(|part| (part.stock, id(part))),
        Sort::CreatedAt => found.sort_by_key(|part| (part.created_at, id(part))),
    }
    if request.descending && request.sort != Sort::Relevance {
        found.reverse();
    }
    let pages = found.iter().skip((request.page - 1) * request.page_size);
    Results { ids: pages.take(request.page_size).map(id).collect(), total: found.len() }
}

const WORDS: &[&str] = &[
    "resistor",
    "resist",
    "res",
    "RES",
    "r",
    "10k",
    "10kΩ",
    "10 k ohm",
    "10",
    "ohm",
    "4.7",
    "4.7µF",
    "1%",
    "抵抗器",
    "抵抗",
    "器",
    "器x",
    "smd",
    "sm-d",
    "a1b2",
    "transistor-array-of-ten",
    "transistorarray",
    "transistor",
];

fn text() -> impl Strategy<Value = String> {
    vec(select(WORDS), 0..4).prop_map(|words| words.join(" "))
}

fn document() -> impl Strategy<Value = Document> {
    let texts = (text(), text(), select(WORDS), vec(select(WORDS), 0..3));
    let numbers = ("[a1b2-]{0,7}", "[a1b2]{0,5}", "(r|10k|[ab]{0,3})");
    let property = (select(&["key", "Max. key"][..]), text());
    (0..30u8, texts, numbers, vec(property, 0..3), -2..3i64, vec(0..4u8, 0..3)).prop_map(
        |(
            id,
            (name, description, maker, tags),
            (number, mpn, supplier_number),
            properties,
            stock,
            categories,
        )| Document {
            id: format!("{id}"),
            hash: 0,
            name,
            number,
            mpn,
            supplier_number,
            manufacturer: maker.to_owned(),
            supplier: String::new(),
            description,
            properties: properties.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            categories: categories
                .into_iter()
                .map(|id| Place {
                    name: WORDS[usize::from(id)].to_owned(),
                    ids: vec![format!("{id}"), "top".to_owned()],
                })
                .collect(),
            locations: Vec::new(),
            tags: tags
                .into_iter()
                .map(|tag| Place { name: tag.to_owned(), ids: vec![tag.to_owned()] })
                .collect(),
            stock,
            created_at: stock * stock,
            ..Document::default()
        },
    )
}

fn query() -> impl Strategy<Value = String> {
    let word = prop_oneof![select(WORDS).prop_map(str::to_owned), "[a1b2]{1,4}", Just("+".to_owned())];
    let prefix = "(name:|number:|mpn:|sku:|manufacturer:|category:|tag:|key=|maxkey=|location:)?";
    let term = (prop_oneof![4 => Just(""), 1 => Just("-")], prefix, word, any::<bool>()).prop_map(
        |(minus, field, word, quoted)| {
            let quote = if quoted { "\"" } else { "" };
            format!("{minus}{field}{quote}{word}{quote}")
        },
    );
    let term = prop_oneof![8 => term, 1 => Just("stock<1".to_owned()), 1 => Just("stock>=0".to_owned())];
    vec(term, 0..4).prop_map(|terms| terms.join(" "))
}

fn request() -> impl Strategy<Value = Request> {
    let sorts = [Sort::Relevance, Sort::Name, Sort::Number, Sort::Stock, Sort::CreatedAt];
    let filters = (
        option::weighted(0.2, -1..2i64),
        option::weighted(0.1, select(WORDS)),
        option::weighted(0.1, 0..4u8),
    );
    (query(), filters, select(sorts.to_vec()), any::<bool>(), 1..4usize, 1..12usize).prop_map(
        |(text, (max_stock, tag, category), sort, descending, page, page_size)| Request {
            query: Query::parse(&text),
            filters: Filters {
                max_stock,
                tag: tag.map(str::to_owned),
                category: category.map(|id| if id == 0 { "top".to_owned() } else { id.to_string() }),
                ..Filters::default()
            },
            sort,
            descending,
            page,
            page_size,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_search_finds_what_looking_at_every_part_finds(
        batches in vec((vec(document(), 0..12), vec(0..30u8, 0..3)), 1..5),
        requests in vec(request(), 80),
    ) {
        let index = Index::in_memory().unwrap();
        let mut parts = BTreeMap::new();
        for (upserts, deletes) in batches {
            let deletes: Vec<String> = deletes.into_iter().map(|id| id.to_string()).collect();
            parts.extend(upserts.iter().map(|part| (part.id.clone(), part.clone())));
            parts.retain(|id, _| !deletes.contains(id));
            index.apply(&Changes { upserts, deletes, position: None }).unwrap();
        }
        for request in requests {
            let results = index.search(&request).unwrap();
            prop_assert_eq!(results, expected(&parts, &request), "{:?}", request);
        }
    }
}

/// As many parts as a segment needs for its order to be kept, and for short and long lists of documents to be combined.
#[test]
fn a_search_among_many_parts_finds_what_looking_at_every_part_finds() {
    const COUNT: usize = 5000;
    let mut runner = TestRunner::deterministic();
    let mut parts = BTreeMap::new();
    for number in 0..COUNT {
        let id = format!("{:04}", number * 7 % COUNT);
        let part = document().new_tree(&mut runner).unwrap().current();
        parts.insert(id.clone(), Document { id, stock: part.stock + number as i64 % 50, ..part });
    }
    let index = Index::in_memory().unwrap();
    let changes = |upserts, deletes| Changes { upserts, deletes, position: None };
    index.apply(&changes(parts.values().cloned().collect(), vec![])).unwrap();
    for round in 0..2 {
        for _ in 0..25 {
            let mut request = request().new_tree(&mut runner).unwrap().current();
            request.page_size *= request.page.pow(5);
            let results = index.search(&request).unwrap();
            assert_eq!(results, expected(&parts, &request), "round {round}, {request:?}");
        }
        let deletes: Vec<String> = parts.keys().step_by(9).cloned().collect();
        deletes.iter().for_each(|id| drop(parts.remove(id)));
        let renamed: Vec<Document> = parts
            .values()
            .step_by(50)
            .map(|part| Document { name: "resistor".to_owned(), ..part.clone() })
            .collect();
        parts.extend(renamed.iter().map(|part| (part.id.clone(), part.clone())));
        index.apply(&changes(renamed, deletes)).unwrap();
    }
}
