//! The fields of a part, as they are typed.

use inventory::Change;
use inventory::parts::{CreatePart, Part, PartDetails, UpdatePart};
use inventory::stock::CreateStockedPart;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::words::given;

/// The fields of a part, as texts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    pub(super) name: String,
    pub(super) number: String,
    pub(super) description: String,
    pub(super) manufacturer: String,
    pub(super) manufacturer_part_number: String,
    pub(super) component_type: String,
    pub(super) supplier: String,
    pub(super) supplier_part_number: String,
    pub(super) product_url: String,
    pub(super) emoji: String,
    pub(super) category_id: Vec<String>,
    /// The names of tags, separated by commas.
    pub(super) tags: String,
    pub(super) property_name: Vec<String>,
    pub(super) property_value: Vec<String>,
    pub(super) low_stock_limit: String,
    /// The first place of a new part.
    pub(super) location: String,
    pub(super) location_id: String,
    pub(super) quantity: String,
    pub(super) version: String,
    /// `another` to create another part afterwards.
    pub(super) then: String,
}

impl Fields {
    /// Returns the fields of a part.
    pub(super) fn of(details: &PartDetails) -> Self {
        let part = details.part.clone();
        let text = Option::unwrap_or_default;
        let (property_name, property_value) =
            part.properties.iter().map(|(name, value)| (name.clone(), shown(value))).unzip();
        let tags: Vec<&str> = details.tags.iter().map(|tag| tag.name.as_str()).collect();
        Self {
            name: part.name,
            number: text(part.number),
            description: text(part.description),
            manufacturer: text(part.manufacturer),
            manufacturer_part_number: text(part.manufacturer_part_number),
            component_type: text(part.component_type),
            supplier: text(part.supplier),
            supplier_part_number: text(part.supplier_part_number),
            product_url: text(part.product_url),
            emoji: text(part.emoji),
            category_id: details.categories.iter().map(|category| category.id.clone()).collect(),
            tags: tags.join(", "),
            property_name,
            property_value,
            low_stock_limit: details.low_stock_limit.map(|limit| limit.to_string()).unwrap_or_default(),
            version: part.version,
            ..Self::default()
        }
    }

    /// Returns the part to create, without its tags and its low-stock limit.
    pub(super) fn create(&self) -> CreatePart {
        CreatePart {
            name: self.name.trim().to_owned(),
            number: given(&self.number),
            description: given(&self.description),
            manufacturer: given(&self.manufacturer),
            manufacturer_part_number: given(&self.manufacturer_part_number),
            component_type: given(&self.component_type),
            supplier: given(&self.supplier),
            supplier_part_number: given(&self.supplier_part_number),
            product_url: given(&self.product_url),
            emoji: given(&self.emoji),
            properties: self.properties(&Map::new()),
            category_ids: self.category_id.clone(),
            ..CreatePart::default()
        }
    }

    /// Returns the part to create with its tags, for a check of all fields.
    pub(super) fn stocked(&self) -> CreateStockedPart {
        CreateStockedPart { part: self.create(), tags: self.tag_names(), stock: None }
    }

    /// Returns the names of the tags.
    pub(super) fn tag_names(&self) -> Vec<String> {
        self.tags.split(',').filter_map(given).collect()
    }

    /// Returns the changes of a part, without those of its categories, its tags and its low-stock limit.
    pub(super) fn update(&self, before: &Part) -> UpdatePart {
        UpdatePart {
            id: before.id.clone(),
            version: given(&self.version),
            name: Change::Set(self.name.trim().to_owned()),
            number: Change::Set(given(&self.number)),
            description: Change::Set(given(&self.description)),
            manufacturer: Change::Set(given(&self.manufacturer)),
            manufacturer_part_number: Change::Set(given(&self.manufacturer_part_number)),
            component_type: Change::Set(given(&self.component_type)),
            supplier: Change::Set(given(&self.supplier)),
            supplier_part_number: Change::Set(given(&self.supplier_part_number)),
            product_url: Change::Set(given(&self.product_url)),
            emoji: Change::Set(given(&self.emoji)),
            properties: Change::Set(self.properties(&before.properties)),
            ..UpdatePart::default()
        }
    }

    /// Returns the labels of the fields and their texts.
    pub(super) fn texts(&self) -> Vec<(&'static str, String)> {
        let named = self.property_name.iter().zip(&self.property_value);
        let named = named.filter(|(name, _)| !name.trim().is_empty());
        let properties: Vec<String> = named.map(|(name, value)| format!("{name}: {value}")).collect();
        let texts = [
            ("Name", &self.name),
            ("Number", &self.number),
            ("Keep at least", &self.low_stock_limit),
            ("Emoji", &self.emoji),
            ("Maker", &self.manufacturer),
            ("Maker’s number", &self.manufacturer_part_number),
            ("Type", &self.component_type),
            ("Supplier", &self.supplier),
            ("Supplier’s number", &self.supplier_part_number),
            ("Page on the web", &self.product_url),
            ("Tags", &self.tags),
            ("Description", &self.description),
        ];
        let texts = texts.into_iter().map(|(label, text)| (label, text.clone()));
        texts.chain([("Properties", properties.join(", "))]).collect()
    }

    /// Returns the properties. One whose text is unchanged keeps its value, which may be nested.
    fn properties(&self, before: &Map<String, Value>) -> Map<String, Value> {
        let named = self.property_name.iter().zip(&self.property_value);
        let named = named.filter(|(name, _)| !name.trim().is_empty());
        let kept = |name: &str, text: &str| before.get(name).filter(|value| shown(value) == text).cloned();
        let value = |name: &str, text: &str| kept(name, text).unwrap_or_else(|| Value::from(text));
        named.map(|(name, text)| (name.trim().to_owned(), value(name.trim(), text))).collect()
    }
}

/// Returns a property as the form shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
