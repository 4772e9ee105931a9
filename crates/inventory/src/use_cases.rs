//! The table of all use cases. [`Query`](crate::Query) and [`Command`](crate::Command) require an entry in this table, so
//! a use case without an entry does not compile.

use crate::access::Access;
use crate::work::{Command, Listed, Query};

/// An entry in the table of use cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UseCase {
    /// The name of the type.
    pub name: &'static str,
    /// Who may run the use case.
    pub access: Access,
    /// Whether the use case writes.
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
        parts: CreatePart, UpdatePart, UpdateTaggedPart, DeletePart, DuplicatePart, SetLowStockLimit, SetPartImage, AddDatasheet, DeleteDatasheet;
        stock: CreateAllocation, CreateStockedPart, AddStock, TakeStock, CountStock, TransferStock, SplitToCassette, UndoMovement, UndoMovements;
        users: CreateUser, UpdateUser, SetPassword, DeleteUser, CreateFirstAdministrator, RecordSignIn;
        roles: CreateRole, UpdateRole, DeleteRole, CreateDefaultRoles;
        api_keys: CreateApiKey, UpdateApiKey, RevokeApiKey, DeleteApiKey, RecordKeyUses;
        locations: CreateLocation, UpdateLocation, MoveLocation;
        categories: CreateCategory, UpdateCategory, MoveCategory, DeleteCategory;
        bulk: ChangeParts, DeleteParts;
        exchange: ImportParts;
        deletion: DeleteLocation;
        tags: CreateTag, EnsureTags, UpdateTag, DeleteTag;
        projects: CreateProject, UpdateProject, DeleteProject;
        saved_views: CreateSavedView, DeleteSavedView;
    }
    queries {
        parts: GetPart, GetStockedPart, GetStockedParts, GetListedParts, SumInventory, ListStockValues, GetSearchableParts, ListSearchableParts, ListPlaces, GetPartDetails, FindPartByName, FindPartByNumber, ListParts, ListDatasheets, ListPrices,
            PreviewPartDeletion;
        stock: GetAllocation, ListAllocations, GetTotalQuantity, ListMovements, LastMovement, CheckStock;
        locations: GetLocation, ListLocations, GetLocationTree, GetLocationPath, GetLocationNames, GetLocationOutline;
        users: GetUser, FindUserByName, GetAccount, ListUsers, HasAdministrator, FindCredentials, FindSessionUser;
        categories: GetCategory, ListCategories, GetCategoryTree, GetCategoryPath, GetCategoryOutline, PreviewCategoryDeletion;
        activity_log: ListActivity, ListLatestActivity;
        sizes: CountThings;
        exchange: ListExportedParts, GetExportedParts, ExportSection;
        files: CountFileReferences;
        deletion: PreviewLocationDeletion;
        tags: GetTag, ListTags, ListTagNames;
        projects: GetProject, ListProjects;
        saved_views: ListSavedViews;
        roles: GetRole, FindRoleByName, ListRoles;
        api_keys: GetApiKey, ListApiKeys, AuthenticateApiKey;
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

    /// Compares the table with a reviewed snapshot. Review every change as a security change.
    #[test]
    fn each_use_case_asks_for_its_permission() {
        let line = |case: &UseCase| {
            format!("{} {} {}\n", if case.writes { "write" } else { "read " }, case.name, case.access)
        };
        let table: String = USE_CASES.iter().map(line).collect();
        insta::assert_snapshot!(table);
    }
}
