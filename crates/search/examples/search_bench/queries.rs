//! The classes of queries that are measured.

use search::{Filters, Request, Sort};

use crate::parts::{COMMON, PACKAGES, Random, VOCABULARY, part, tail_word};

/// Queries of one kind.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    pub(crate) requests: Vec<TextRequest>,
    pub(crate) suggests: bool,
}

/// A request whose text is not parsed yet, since parsing is measured too.
pub(crate) struct TextRequest {
    pub(crate) text: String,
    pub(crate) request: Request,
}

const EACH: usize = 80;

/// Returns the classes, each with the same queries in every run.
pub(crate) fn classes() -> Vec<Class> {
    let mut classes = texts();
    classes.extend(sorted());
    classes
}

fn texts() -> Vec<Class> {
    let common = |random: &mut Random| COMMON[random.below(COMMON.len())].0.to_owned();
    let tail = |random: &mut Random| tail_word(random.below(VOCABULARY / 20));
    let some = |random: &mut Random| part(random.below(1_000_000));
    vec![
        class("common word", move |random| format!("{} ", quoted_last(common(random)))),
        class("common word, as a prefix", common),
        class("two common words", move |random| format!("{} {}", common(random), common(random))),
        class("four common words", move |random| {
            (0..4).map(|_| common(random)).collect::<Vec<_>>().join(" ")
        }),
        class("rare word", tail),
        class("prefix of 1 letter", |random| char::from(b'a' + random.below(26) as u8).to_string()),
        class("prefix of 2 letters", move |random| common(random).chars().take(2).collect()),
        class("prefix of 3 letters", move |random| common(random).chars().take(3).collect()),
        class("prefix of 5 letters", move |random| some(random).name.chars().take(5).collect()),
        class("word and prefix of 1 letter", move |random| {
            format!("{} {}", common(random), char::from(b'a' + random.below(26) as u8))
        }),
        class("number", move |random| some(random).mpn),
        class("number, prefix", move |random| {
            let length = 3 + random.below(8);
            some(random).mpn.chars().take(length).collect()
        }),
        class("number, substring", move |random| {
            let (start, length) = (1 + random.below(5), 4 + random.below(5));
            some(random).mpn.chars().skip(start).take(length).collect()
        }),
        class("number, common substring", |random| format!("{}FR", random.pick(&PACKAGES[..4]))),
        class("number, substring, and a common word", move |random| {
            format!("{} {}", random.pick(&PACKAGES[..4]), common(random))
        }),
        class("phrase of common words", |random| {
            random
                .pick(&["\"SMD chip\"", "\"general purpose\"", "\"chip RoHS\"", "\"general purpose tape\""])
                .to_owned()
        }),
        class("quantity", |random| {
            random.pick(&["10kΩ", "10 kohm", "100nF", "22 µF resistor", "4.7k"]).to_owned()
        }),
        class("CJK", |random| random.pick(&["抵抗器", "抵抗", "器", "抵抗器 SMD"]).to_owned()),
        class("name:", |random| {
            random.pick(&["name:resistor", "name:re", "name:r", "name:\"resistor 10kΩ\""]).to_owned()
        }),
        class("number: of 2 and 3 characters", move |random| {
            format!("mpn:{}", some(random).mpn.chars().take(2 + random.below(2)).collect::<String>())
        }),
        class("category:, tag:, manufacturer:", |random| {
            random
                .pick(&[
                    "category:category",
                    "tag:tag1",
                    "manufacturer:yageo",
                    "manufacturer:\"texas instruments\" chip",
                ])
                .to_owned()
        }),
        class("property", |random| {
            random.pick(&["tolerance=1%", "package=0603", "tolerance=1% package=sot23 smd"]).to_owned()
        }),
        class("stock<10", |random| format!("stock<{}", random.below(3000))),
        class("common words, one left out", move |random| {
            format!("{} -{} -stock<5", common(random), common(random))
        }),
        Class {
            suggests: true,
            ..class("mistyped word, with suggestions", |random| {
                let kind = random.pick(&["resistor", "capacitor", "inductor", "transistor", "connector"]);
                let at = random.below(kind.len());
                format!("{}x{}", &kind[..at], &kind[at + 1..])
            })
        },
        class("nothing typed", |_| String::new()),
    ]
}

fn sorted() -> Vec<Class> {
    let common = |random: &mut Random| COMMON[random.below(COMMON.len())].0.to_owned();
    let with = |name, change: fn(&mut Random, &mut Request)| {
        let mut class = class(name, common);
        let mut random = Random(7);
        class.requests.iter_mut().for_each(|request| change(&mut random, &mut request.request));
        class
    };
    vec![
        with("common word, by name", |_, request| request.sort = Sort::Name),
        with("common word, by number, reversed", |_, request| {
            (request.sort, request.descending) = (Sort::Number, true);
        }),
        with("common word, by stock", |_, request| request.sort = Sort::Stock),
        with("common word, newest first", |_, request| {
            (request.sort, request.descending) = (Sort::CreatedAt, true);
        }),
        with("common word, category, stock below 10, by name", |random, request| {
            request.sort = Sort::Name;
            request.filters = Filters {
                category: Some(format!("category-{}", random.below(100))),
                max_stock: Some(9),
                ..Filters::default()
            };
        }),
        with("common word, large category, by stock", |random, request| {
            request.sort = Sort::Stock;
            request.filters.category = Some(format!("root-{}", random.below(20)));
        }),
        with("common word, page 20", |_, request| request.page = 20),
        with("common word, page 1000", |_, request| request.page = 1000),
    ]
}

/// Quotes a word, so that it is not a prefix.
fn quoted_last(word: String) -> String {
    format!("\"{word}\"")
}

fn class(name: &'static str, text: impl Fn(&mut Random) -> String) -> Class {
    let mut random = Random(name.len() as u64);
    let request =
        |text| TextRequest { text, request: Request { page: 1, page_size: 50, ..Request::default() } };
    Class { name, requests: (0..EACH).map(|_| request(text(&mut random))).collect(), suggests: false }
}
