//! What the columns of a CSV file mean.

use std::collections::BTreeMap;

use super::table::TableError;

macro_rules! fields {
    ($($variant:ident $name:literal [$($alias:literal),*])*) => {
        /// A field of a part, or of its stock at one location.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Field {
            $($variant),*
        }

        impl Field {
            /// Every field, in the order of an export.
            pub(super) const EVERY: &[Self] = &[$(Self::$variant),*];

            /// Returns the name, which is the header in an export.
            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),*
                }
            }

            /// Returns other headers of the field, as [`simplified`] returns them.
            fn aliases(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($alias),*]),*
                }
            }
        }
    };
}

fields! {
    Id "id" ["partid", "uuid"]
    Name "name" ["partname", "part", "title", "item"]
    Number "number" ["partnumber", "partno", "partnr", "ownpartnumber", "internalpartnumber", "ipn"]
    Description "description" ["desc", "details", "partdescription"]
    Manufacturer "manufacturer" ["mfr", "mfg", "maker", "brand", "manufacturername"]
    ManufacturerPartNumber "manufacturer_part_number"
        ["mpn", "mfrpartnumber", "mfrpart", "mfgpartnumber", "manufacturerpartno", "manufacturerpart", "mfrpartno"]
    ComponentType "component_type" ["type", "parttype", "component"]
    Supplier "supplier" ["vendor", "distributor", "suppliername"]
    SupplierPartNumber "supplier_part_number"
        ["sku", "suppliersku", "supplierpartno", "supplierpart", "spn", "vendorpartnumber", "ordernumber"]
    SupplierUrl "supplier_url" ["supplierlink", "vendorurl"]
    ProductUrl "product_url" ["productlink", "url", "link", "website"]
    ImageUrl "image_url" ["image", "picture", "imagelink"]
    Emoji "emoji" ["icon"]
    Categories "categories" ["category", "group"]
    Tags "tags" ["tag"]
    Projects "projects" ["project"]
    LowStockLimit "low_stock_limit"
        ["minimum", "min", "minstock", "minimumstock", "minimumquantity", "minquantity", "lowstock", "reorderlevel", "reorderpoint"]
    Properties "properties" ["additionalproperties"]
    Location "location" ["place", "storage", "storagelocation", "locationname", "bin", "shelf"]
    Quantity "quantity" ["qty", "stock", "count", "onhand", "quantityonhand", "instock", "amount", "pieces"]
}

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Field(Field),
    /// An additional property with this name.
    Property(String),
    Ignored,
}

const PROPERTY: &str = "property:";
const IGNORE: &str = "ignore";

impl Target {
    /// Reads the text of a target in a mapping: the name of a field, `property:NAME`, or `ignore`.
    fn from_text(text: &str) -> Option<Self> {
        let named = Field::EVERY.iter().find(|field| field.name() == text);
        match named {
            Some(field) => Some(Self::Field(*field)),
            None if text == IGNORE => Some(Self::Ignored),
            None => property(text),
        }
    }

    /// Guesses what a header means.
    fn of_header(header: &str) -> Option<Self> {
        let found = simplified(header);
        let means =
            |field: &&Field| simplified(field.name()) == found || field.aliases().contains(&found.as_str());
        let field = Field::EVERY.iter().find(means).map(|field| Self::Field(*field));
        field.or_else(|| property(header))
    }

    /// Returns the text of the target, as it stands in a mapping and a report.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Field(field) => field.name().to_owned(),
            Self::Property(name) => format!("{PROPERTY}{name}"),
            Self::Ignored => IGNORE.to_owned(),
        }
    }
}

fn property(text: &str) -> Option<Target> {
    let (prefix, name) = text.split_at_checked(PROPERTY.len())?;
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    prefix.eq_ignore_ascii_case(PROPERTY).then_some(name)?.map(|name| Target::Property(name.to_owned()))
}

/// Returns the letters and digits of a header in lower case.
fn simplified(header: &str) -> String {
    header.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What becomes of columns whose headers mean nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownColumns {
    /// Nothing is imported.
    #[default]
    Refuse,
    /// The columns are ignored.
    Ignore,
    /// The columns are additional properties with the names of their headers.
    Properties,
}

/// Says what the columns of a file mean, where their headers do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Per header, the name of a field as in an export, `property:NAME`, or `ignore`.
    pub columns: BTreeMap<String, String>,
    /// What becomes of all other columns that are not known.
    pub unknown: UnknownColumns,
}

impl Mapping {
    /// Returns what each column means. `None` is a column that is not known.
    pub(super) fn targets(&self, headers: &[String]) -> Result<Vec<Option<Target>>, TableError> {
        if let Some(absent) = self.columns.keys().find(|header| !headers.contains(header)) {
            return Err(TableError::NoSuchColumn { header: absent.clone() });
        }
        let targets = headers.iter().map(|header| self.target(header)).collect::<Result<Vec<_>, _>>()?;
        for (at, target) in targets.iter().enumerate() {
            let Some(target) = target.as_ref().filter(|target| **target != Target::Ignored) else { continue };
            let other = targets[..at].iter().position(|other| other.as_ref() == Some(target));
            if let Some(other) = other {
                let (first, second) = (headers[other].clone(), headers[at].clone());
                return Err(TableError::SameTarget { first, second, target: target.text() });
            }
        }
        Ok(targets)
    }

    fn target(&self, header: &str) -> Result<Option<Target>, TableError> {
        if let Some(text) = self.columns.get(header) {
            let unknown = || TableError::UnknownTarget { header: header.to_owned(), target: text.clone() };
            return Target::from_text(text).map(Some).ok_or_else(unknown);
        }
        Ok(Target::of_header(header).or_else(|| match self.unknown {
            UnknownColumns::Properties if !header.is_empty() => Some(Target::Property(header.to_owned())),
            UnknownColumns::Ignore => Some(Target::Ignored),
            // A column without a header is usually left over from a spreadsheet. Its cells must be empty.
            UnknownColumns::Refuse | UnknownColumns::Properties => None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_means_two_fields() {
        let mut headers: Vec<String> = Field::EVERY.iter().map(|field| simplified(field.name())).collect();
        headers.extend(Field::EVERY.iter().flat_map(|field| field.aliases()).map(|&alias| alias.to_owned()));
        let count = headers.len();
        headers.sort();
        headers.dedup();
        assert_eq!(headers.len(), count);
        assert!(headers.iter().all(|header| simplified(header) == *header));
    }

    #[test]
    fn headers_are_known_in_any_spelling() {
        for (header, target) in [
            ("Part Name", "name"),
            ("PART_NUMBER", "number"),
            ("Manufacturer Part Number", "manufacturer_part_number"),
            ("MPN", "manufacturer_part_number"),
            ("Qty.", "quantity"),
            ("Category", "categories"),
            ("Property: Tolerance", "property:Tolerance"),
        ] {
            assert_eq!(Target::of_header(header).map(|target| target.text()).as_deref(), Some(target));
        }
        assert_eq!(Target::of_header("Colour"), None);
        assert_eq!(Target::of_header("property:"), None);
    }
}
