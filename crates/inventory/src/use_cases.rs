//! The table of all use cases. Only what stands here can be run: [`Query`](crate::Query) and
//! [`Command`](crate::Command) require it, so a use case that is missing here does not compile.

use crate::access::Access;
use crate::work::{Command, Listed, Query};

/// A use case as it stands in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UseCase {
    /// The name of its type.
    pub name: &'static str,
    /// Who may run it.
    pub access: Access,
    /// Whether it writes.
    pub writes: bool,
}

macro_rules! use_cases {
    (
        commands { $($command_of:ident: $($command:ident),+;)* }
        queries { $($query_of:ident: $($query:ident),+;)* }
    ) => {
        $($(impl Listed for crate::$command_of::$command {
            const NAME: &'static str = stringify!($command);
        })+)*
        $($(impl Listed for crate::$query_of::$query {
            const NAME: &'static str = stringify!($query);
        })+)*

        /// Every use case.
        pub const USE_CASES: &[UseCase] = &[
            $($(command::<crate::$command_of::$command>(),)+)*
            $($(query::<crate::$query_of::$query>(),)+)*
        ];
    };
}

use_cases! {
    commands {
        parts: CreatePart, SetPartImage, AddDatasheet;
        stock: CreateAllocation, TransferStock, SplitToCassette;
        locations: CreateLocation, MoveLocation;
        categories: CreateCategory, MoveCategory;
        users: CreateUser, RecordSignIn;
        roles: CreateRole;
        api_keys: CreateApiKey, AuthenticateApiKey;
    }
    queries {
        parts: GetPart, FindPartByName, FindPartByNumber, ListParts, ListDatasheets;
        stock: GetAllocation, ListAllocations, GetTotalQuantity;
        locations: GetLocation, ListLocations, GetLocationTree, GetLocationPath;
        categories: GetCategory, ListCategories, GetCategoryTree, GetCategoryPath;
        users: GetUser, ListUsers, FindCredentials;
        roles: GetRole, FindRoleByName, ListRoles;
        api_keys: GetApiKey, ListApiKeys;
    }
}

const fn command<C: Command>() -> UseCase {
    UseCase { name: C::NAME, access: C::ACCESS, writes: true }
}

const fn query<Q: Query>() -> UseCase {
    UseCase { name: Q::NAME, access: Q::ACCESS, writes: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Read a change of this list as carefully as a change of who has the keys to the house.
    #[test]
    fn each_use_case_asks_for_its_permission() {
        let line = |case: &UseCase| {
            format!("{} {} {}\n", if case.writes { "write" } else { "read " }, case.name, case.access)
        };
        let table: String = USE_CASES.iter().map(line).collect();
        insta::assert_snapshot!(table);
    }
}
