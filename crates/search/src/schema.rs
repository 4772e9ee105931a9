//! The fields of the index, and how a document fills them.

use tantivy::schema::{
    FAST, Field, IndexRecordOption, Schema, SchemaBuilder, TantivyDocument, TextFieldIndexing, TextOptions,
};

use crate::document::Document;
use crate::fold::compact;
use crate::tokenizer::{GRAMS, PREFIXES, RAW, WORDS};
use crate::words::document_words;

/// The version of the fields and of how text becomes words. An index of another version is thrown away.
pub(crate) const VERSION: u32 = 3;

/// The names of the fields that are read by document.
pub(crate) mod fast {
    pub(crate) const ID: &str = "id";
    pub(crate) const HASH: &str = "hash";
    pub(crate) const NAME: &str = "name_order";
    pub(crate) const NUMBER: &str = "number_order";
    pub(crate) const STOCK: &str = "stock";
    pub(crate) const CREATED_AT: &str = "created_at";
    pub(crate) const VALUE: &str = "value";
    pub(crate) const CURRENCY: &str = "currency";
}

/// The fields of the index.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    hash: Field,
    name_order: Field,
    number_order: Field,
    pub(crate) stock: Field,
    created_at: Field,
    value: Field,
    /// Empty if the value of the stock is not known.
    currency: Field,
    /// All words of the part.
    pub(crate) text: WordField,
    pub(crate) name: WordField,
    pub(crate) manufacturer: WordField,
    pub(crate) supplier: WordField,
    pub(crate) category: WordField,
    pub(crate) location: WordField,
    pub(crate) tag: WordField,
    /// The grams of the numbers, each with its position. Every field costs time at each change, so all numbers are in one; the
    /// terms begin with a [`Number`].
    pub(crate) numbers: Field,
    /// What is compared as a whole. The terms begin with an [`Exact`].
    pub(crate) exact: Field,
}

/// A field of words. Fields with many different words have their prefixes indexed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordField {
    pub(crate) words: Field,
    pub(crate) prefixes: Option<Field>,
}

impl Fields {
    pub(crate) fn schema() -> (Schema, Self) {
        let mut builder = Schema::builder();
        let fields = Self {
            id: builder.add_text_field(fast::ID, indexed(RAW, IndexRecordOption::Basic).set_fast(RAW)),
            hash: builder.add_u64_field(fast::HASH, FAST),
            name_order: builder.add_text_field(fast::NAME, TextOptions::default().set_fast(RAW)),
            number_order: builder.add_text_field(fast::NUMBER, TextOptions::default().set_fast(RAW)),
            stock: builder.add_i64_field(fast::STOCK, FAST),
            created_at: builder.add_i64_field(fast::CREATED_AT, FAST),
            value: builder.add_i64_field(fast::VALUE, FAST),
            currency: builder.add_text_field(fast::CURRENCY, TextOptions::default().set_fast(RAW)),
            text: word_field(&mut builder, "text", true),
            name: word_field(&mut builder, "name", true),
            manufacturer: word_field(&mut builder, "manufacturer", false),
            supplier: word_field(&mut builder, "supplier", false),
            category: word_field(&mut builder, "category", false),
            location: word_field(&mut builder, "location", false),
            tag: word_field(&mut builder, "tag", false),
            numbers: builder.add_text_field("numbers", indexed(GRAMS, IndexRecordOption::Basic)),
            exact: builder.add_text_field("exact", indexed(RAW, IndexRecordOption::Basic)),
        };
        (builder.build(), fields)
    }

    /// Returns a document as the index takes it.
    pub(crate) fn document(&self, part: &Document) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.id, &part.id);
        document.add_u64(self.hash, part.hash);
        document.add_text(self.name_order, &part.name);
        document.add_text(self.number_order, &part.number);
        document.add_i64(self.stock, part.stock);
        document.add_i64(self.created_at, part.created_at);
        let value = part.value.as_ref();
        document.add_i64(self.value, value.map_or(0, |value| value.amount));
        document.add_text(self.currency, value.map_or("", |value| &value.currency));
        for (number, text) in
            [(Number::Own, &part.number), (Number::Mpn, &part.mpn), (Number::Supplier, &part.supplier_number)]
        {
            document.add_text(self.numbers, number.marked(text));
        }
        self.add_words(&mut document, part);
        self.add_filters(&mut document, part);
        document
    }

    fn add_words(&self, document: &mut TantivyDocument, part: &Document) {
        let mut add = |field: Option<WordField>, text: &str| {
            for field in field.into_iter().chain([self.text]) {
                document.add_text(field.words, text);
                if let Some(prefixes) = field.prefixes {
                    document.add_text(prefixes, text);
                }
            }
        };
        add(Some(self.name), &part.name);
        add(None, &part.number);
        add(None, &part.mpn);
        add(None, &part.supplier_number);
        add(Some(self.manufacturer), &part.manufacturer);
        add(Some(self.supplier), &part.supplier);
        add(None, &part.description);
        part.categories.iter().for_each(|category| add(Some(self.category), &category.name));
        part.locations.iter().for_each(|location| add(Some(self.location), &location.name));
        part.tags.iter().for_each(|tag| add(Some(self.tag), &tag.name));
        for (key, value) in &part.properties {
            add(None, key);
            add(None, value);
        }
    }

    fn add_filters(&self, document: &mut TantivyDocument, part: &Document) {
        let mut add = |exact: Exact, text: &str| document.add_text(self.exact, exact.term(text));
        for (key, value) in &part.properties {
            property_terms(key, value).iter().for_each(|term| add(Exact::Property, term));
        }
        for (exact, places) in [
            (Exact::Category, &part.categories),
            (Exact::Location, &part.locations),
            (Exact::Tag, &part.tags),
        ] {
            places.iter().flat_map(|place| &place.ids).for_each(|id| add(exact, id));
        }
        add(Exact::Supplier, &part.supplier);
        add(Exact::Manufacturer, &part.manufacturer);
        if part.is_low {
            add(Exact::State, LOW);
        }
        if part.locations.is_empty() {
            add(Exact::State, NOWHERE);
        }
    }
}

/// A number of a part.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Own,
    Mpn,
    Supplier,
}

impl Number {
    pub(crate) const ALL: [Self; 3] = [Self::Own, Self::Mpn, Self::Supplier];

    /// Returns a text with a mark that tells which number it belongs to.
    pub(crate) fn marked(self, text: &str) -> String {
        let mark = match self {
            Self::Own => 'n',
            Self::Mpn => 'm',
            Self::Supplier => 's',
        };
        format!("{mark}{text}")
    }
}

/// Something that is compared as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Exact {
    /// A property as `key=value`, for the whole value and for each of its words.
    Property,
    /// The id of a category, of the part or above.
    Category,
    /// The id of a location, of the part or above.
    Location,
    /// The id of a tag.
    Tag,
    /// The supplier, as stored.
    Supplier,
    /// The manufacturer, as stored.
    Manufacturer,
    /// [`LOW`] or [`NOWHERE`].
    State,
}

/// The state of a part whose stock is below its limit.
pub(crate) const LOW: &str = "low";
/// The state of a part that is at no location.
pub(crate) const NOWHERE: &str = "nowhere";

impl Exact {
    /// Returns the term of a text.
    pub(crate) fn term(self, text: &str) -> String {
        let mark = match self {
            Self::Property => 'p',
            Self::Category => 'c',
            Self::Location => 'l',
            Self::Tag => 't',
            Self::Supplier => 's',
            Self::Manufacturer => 'm',
            Self::State => 'x',
        };
        format!("{mark}{text}")
    }
}

/// Returns the start of the terms of a property.
pub(crate) fn property_key(key: &str) -> String {
    format!("{}=", compact(key))
}

/// Returns a property's value as it stands in a term: without what separates its words, since `10 kΩ` equals `10kΩ`.
pub(crate) fn property_value(value: &str) -> String {
    let folded = crate::fold::fold(value);
    folded.chars().filter(|character| !matches!(character, ' ' | '_' | '-')).take(MAX_VALUE).collect()
}

/// The largest number of characters of a property's value that count.
const MAX_VALUE: usize = 200;

/// Returns the terms of a property: its whole value, and each word of it.
pub(crate) fn property_terms(key: &str, value: &str) -> Vec<String> {
    let key = property_key(key);
    let words = document_words(value).into_iter().map(|word| word.text);
    std::iter::once(property_value(value)).chain(words).map(|value| format!("{key}{value}")).collect()
}

fn word_field(builder: &mut SchemaBuilder, name: &str, with_prefixes: bool) -> WordField {
    let words = builder.add_text_field(name, indexed(WORDS, IndexRecordOption::WithFreqsAndPositions));
    let prefixes = with_prefixes.then(|| {
        builder.add_text_field(&format!("{name}_prefixes"), indexed(PREFIXES, IndexRecordOption::Basic))
    });
    WordField { words, prefixes }
}

fn indexed(tokenizer: &str, record: IndexRecordOption) -> TextOptions {
    let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record);
    TextOptions::default().set_indexing_options(indexing.set_fieldnorms(false))
}
