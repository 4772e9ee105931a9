//! Synthetic parts: a few words that most parts have, a long tail, and numbers that differ for each part.

use search::{Document, Place, Value};

/// A reproducible sequence of numbers (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// Returns a number below the limit, small ones far more often.
    fn skewed(&mut self, limit: usize) -> usize {
        let share = self.below(1 << 20) as f64 / f64::from(1 << 20);
        (limit as f64 * share * share * share) as usize
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Words with the share of the parts that have them, in percent.
pub(crate) const COMMON: &[(&str, usize)] = &[
    ("SMD", 70),
    ("chip", 60),
    ("RoHS", 55),
    ("general", 50),
    ("purpose", 50),
    ("tape", 45),
    ("film", 30),
    ("high", 20),
];
pub(crate) const KINDS: &[&str] = &[
    "Resistor",
    "Resistor",
    "Resistor",
    "Resistor",
    "Capacitor",
    "Capacitor",
    "Inductor",
    "Diode",
    "Transistor",
    "Connector",
    "Widerstand für Messgeräte",
    "抵抗器",
];
pub(crate) const PACKAGES: &[&str] = &["0402", "0603", "0805", "1206", "SOT-23", "QFN-32", "TO-220"];
pub(crate) const MAKERS: &[&str] =
    &["Yageo", "Vishay", "Murata", "TDK", "Texas Instruments", "Würth Elektronik", "Nexperia", "Panasonic"];
pub(crate) const SUPPLIERS: &[&str] = &["DigiKey", "Mouser", "LCSC", "Farnell"];
const SYLLABLES: &[&str] = &[
    "ba", "cor", "dex", "fi", "gul", "ho", "jin", "ka", "lum", "mo", "nar", "pe", "qui", "ros", "su", "tek",
];
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
pub(crate) const VOCABULARY: usize = 40_000;

/// Returns one of the words of the long tail.
pub(crate) fn tail_word(number: usize) -> String {
    let mut word = String::new();
    let mut rest = number + SYLLABLES.len() * SYLLABLES.len();
    while rest > 0 {
        word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
    }
    word
}

fn code(random: &mut Random, length: usize) -> String {
    (0..length).map(|_| char::from(LETTERS[random.below(LETTERS.len())])).collect()
}

/// Returns the part with this number.
pub(crate) fn part(number: usize) -> Document {
    let mut random = Random(number as u64);
    let random = &mut random;
    let kind = random.pick(KINDS);
    let package = random.pick(PACKAGES);
    let value = format!(
        "{}{}",
        [1, 10, 22, 47, 100, 330][random.below(6)],
        random.pick(&["Ω", "kΩ", "MΩ", "µF", "nF"])
    );
    let mut description: Vec<String> = COMMON
        .iter()
        .filter(|(_, share)| random.chance(*share))
        .map(|(word, _)| (*word).to_owned())
        .collect();
    description.extend((0..5).map(|_| tail_word(random.skewed(VOCABULARY))));
    let maker = random.pick(MAKERS);
    let (category, parent) = (random.skewed(300), random.below(20));
    let drawer = random.skewed(2000);
    Document {
        id: format!("{:08x}-{:04x}-4000-8000-{:012x}", random.next() as u32, random.next() as u16, number),
        hash: number as u64,
        name: format!("{kind} {value} {package} {}", tail_word(random.skewed(VOCABULARY))),
        number: format!("MM-{number:07}"),
        mpn: format!("{}{}FR-{}", code(random, 2), package.replace('-', ""), code(random, 7)),
        supplier_number: format!("{}-{}-ND", 100 + random.below(900), code(random, 8)),
        manufacturer: maker.to_owned(),
        supplier: random.pick(SUPPLIERS).to_owned(),
        description: description.join(" "),
        properties: vec![
            ("Tolerance".to_owned(), format!("{}%", [1, 2, 5, 10][random.below(4)])),
            ("Package".to_owned(), package.to_owned()),
            ("Lot".to_owned(), code(random, 9)),
        ],
        categories: vec![place("category", category, &[format!("root-{parent}")])],
        locations: vec![place("drawer", drawer, &[format!("cabinet-{}", drawer / 50)])],
        tags: (0..random.below(3)).map(|_| tag(random.skewed(500))).collect(),
        stock: random.skewed(5000) as i64,
        value: Some(Value { currency: "EUR".to_owned(), amount: random.skewed(100_000) as i64 }),
        is_low: random.chance(5),
        created_at: 1_700_000_000_000_000 + (number as i64) * 1_000_000,
    }
}

fn tag(number: usize) -> Place {
    let name = format!("tag{number}");
    Place { ids: vec![name.clone()], name }
}

fn place(kind: &str, number: usize, ancestors: &[String]) -> Place {
    let ids = std::iter::once(format!("{kind}-{number}")).chain(ancestors.iter().cloned());
    Place { name: format!("{kind} {}", tail_word(number)), ids: ids.collect() }
}
