//! Trees of categories and locations. Paths and the checks before a move are recursive queries that stop at [`MAX_DEPTH`].
//! So they never read a whole table, and they terminate even if another program has left a cycle in the database.

use std::collections::HashMap;

use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, ModelTrait, QueryResult, Statement, Value,
};

use crate::Error;
use crate::fields::Problem;
use crate::limits::MAX_DEPTH;
use crate::list::{Page, PageNumber};
use crate::work::Read;

/// A node in the flattened list of a tree, in which each node is followed by its descendants.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeNode<T> {
    /// The depth, 0 at the root.
    pub depth: usize,
    /// The item.
    pub item: T,
}

/// An item of a tree with what an outline of the tree shows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutlineItem {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The parent.
    pub parent_id: Option<String>,
    /// The number of parts here, without those in items below. 0 if the counts are left out.
    pub part_count: u64,
    /// Whether the item is a slot that was created with its container.
    pub is_slot: bool,
    /// Whether the item is carried around, like a cassette.
    pub is_mobile: bool,
}

/// The storage of a tree.
pub(crate) struct Tree {
    /// The kind of item in error messages.
    pub(crate) what: &'static str,
    /// The table of the items, with the columns `id` and `name`.
    pub(crate) table: &'static str,
    /// A table with the columns `child` and `parent`, or a subquery in parentheses.
    pub(crate) edges: &'static str,
}

/// The separator in sort paths, which sorts before any character of a name.
const BELOW: char = '\u{1}';

impl Tree {
    /// Returns an item and its ancestors, from the root down.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) async fn path<E: EntityTrait>(&self, read: &Read, id: &str) -> Result<Vec<E::Model>, Error>
    where
        E::Model: ModelTrait<Entity = E> + PartialEq,
    {
        let Self { what, table, edges } = self;
        let sql = format!(
            "WITH RECURSIVE above(id, depth) AS ( \
               SELECT node.id, 0 FROM {table} node WHERE node.id = $1 \
               UNION ALL \
               SELECT edge.parent, above.depth + 1 FROM above JOIN {edges} edge ON edge.child = above.id \
               WHERE above.depth < {MAX_DEPTH} \
             ) SELECT node.* FROM above JOIN {table} node ON node.id = above.id ORDER BY above.depth"
        );
        let db = read.db().await?;
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into()]);
        let rows = E::find().from_raw_sql(statement).all(db).await?;
        let mut path: Vec<E::Model> = Vec::new();
        for row in rows {
            // The item closes a cycle.
            if path.contains(&row) {
                break;
            }
            path.push(row);
        }
        if path.is_empty() {
            return Err(Error::not_found(what, id));
        }
        path.reverse();
        Ok(path)
    }

    /// Returns the names of items and their ancestors, from the root down, by the id of the item.
    pub(crate) async fn names(
        &self,
        read: &Read,
        ids: &[String],
    ) -> Result<HashMap<String, Vec<String>>, Error> {
        let Self { table, edges, .. } = self;
        let mut paths: HashMap<String, Vec<String>> = HashMap::new();
        let mut ids: Vec<&String> = ids.iter().collect();
        ids.sort();
        ids.dedup();
        if ids.is_empty() {
            return Ok(paths);
        }
        let marks: Vec<String> = (1..=ids.len()).map(|number| format!("${number}")).collect();
        let sql = format!(
            "WITH RECURSIVE above(start, id, depth) AS ( \
               SELECT node.id, node.id, 0 FROM {table} node WHERE node.id IN ({}) \
               UNION ALL \
               SELECT above.start, edge.parent, above.depth + 1 \
               FROM above JOIN {edges} edge ON edge.child = above.id \
               WHERE above.depth < {MAX_DEPTH} AND edge.parent <> above.start \
             ) SELECT above.start, COALESCE(node.name, '') \
               FROM above JOIN {table} node ON node.id = above.id ORDER BY above.start, above.depth DESC",
            marks.join(", ")
        );
        let db = read.db().await?;
        let values = ids.into_iter().map(Value::from);
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        for row in db.query_all_raw(statement).await? {
            let (start, name) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            paths.entry(start).or_default().push(name);
        }
        Ok(paths)
    }

    /// Refuses to move `id` into `parent` if that would create a cycle or exceed [`MAX_DEPTH`].
    pub(crate) async fn check_move(&self, read: &Read, id: &str, parent: &str) -> Result<(), Error> {
        let Self { what, table, edges } = self;
        let above = format!(
            "WITH RECURSIVE above(id, depth) AS ( \
               SELECT node.id, 1 FROM {table} node WHERE node.id = $1 \
               UNION ALL \
               SELECT edge.parent, above.depth + 1 FROM above JOIN {edges} edge ON edge.child = above.id \
               WHERE above.depth <= {MAX_DEPTH} \
             ) SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN id = $2 THEN 1 ELSE 0 END), 0) AS BIGINT) \
             FROM above"
        );
        let (levels_above, found) = self.two(read, above, [parent.into(), id.into()]).await?;
        if found > 0 {
            return Err(Error::Cycle { what, id: id.to_owned() });
        }
        let below = format!(
            "WITH RECURSIVE below(id, depth) AS ( \
               SELECT node.id, 1 FROM {table} node WHERE node.id = $1 \
               UNION ALL \
               SELECT edge.child, below.depth + 1 FROM below JOIN {edges} edge ON edge.parent = below.id \
               WHERE below.depth <= {MAX_DEPTH} \
             ) SELECT CAST(COALESCE(MAX(depth), 1) AS BIGINT), CAST(COUNT(*) AS BIGINT) FROM below"
        );
        let (levels_below, _) = self.two(read, below, [id.into()]).await?;
        if levels_above + levels_below > MAX_DEPTH as i64 {
            return Err(Error::invalid("parent_id", Problem::TooDeep { max: MAX_DEPTH }));
        }
        Ok(())
    }

    /// Returns the ids of an item and of everything below it, the deepest first.
    pub(crate) async fn below(&self, read: &Read, id: &str) -> Result<Vec<String>, Error> {
        let Self { table, edges, .. } = self;
        let sql = format!(
            "WITH RECURSIVE below(id, depth) AS ( \
               SELECT node.id, 0 FROM {table} node WHERE node.id = $1 \
               UNION \
               SELECT edge.child, below.depth + 1 FROM below JOIN {edges} edge ON edge.parent = below.id \
               WHERE below.depth < {MAX_DEPTH} \
             ) SELECT id FROM below GROUP BY id ORDER BY MAX(depth) DESC, id"
        );
        let db = read.db().await?;
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into()]);
        let rows = db.query_all_raw(statement).await?;
        let ids = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, DbErr>>();
        Ok(ids?)
    }

    /// Returns a page of the tree, sorted by name. Omits items in a cycle, since they are below no root.
    pub(crate) async fn page<E: EntityTrait>(
        &self,
        read: &Read,
        page: PageNumber,
    ) -> Result<Page<TreeNode<E::Model>>, Error> {
        let Self { table, edges, .. } = self;
        let tree = format!(
            "WITH RECURSIVE tree(id, depth, place) AS ( \
               SELECT node.id, 0, COALESCE(node.name, '') || '{BELOW}' || node.id FROM {table} node \
               WHERE NOT EXISTS (SELECT 1 FROM {edges} edge JOIN {table} up ON up.id = edge.parent WHERE edge.child = node.id) \
               UNION ALL \
               SELECT node.id, tree.depth + 1, tree.place || '{BELOW}' || COALESCE(node.name, '') || '{BELOW}' || node.id \
               FROM tree JOIN {edges} edge ON edge.parent = tree.id JOIN {table} node ON node.id = edge.child \
               WHERE tree.depth < {MAX_DEPTH} \
             ) "
        );
        let count = format!("{tree} SELECT CAST(COUNT(*) AS BIGINT), CAST(0 AS BIGINT) FROM tree");
        let (total, _) = self.two(read, count, []).await?;
        let sql = format!(
            "{tree} SELECT node.*, CAST(tree.depth AS BIGINT) AS tree_depth \
             FROM tree JOIN {table} node ON node.id = tree.id ORDER BY tree.place LIMIT {} OFFSET {}",
            page.size,
            page.offset()
        );
        let db = read.db().await?;
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        let items = rows.iter().map(|row| {
            let depth: i64 = row.try_get("", "tree_depth")?;
            let item = E::Model::from_query_result(row, "")?;
            Ok(TreeNode { depth: usize::try_from(depth).unwrap_or_default(), item })
        });
        let items = items.collect::<Result<_, DbErr>>()?;
        Ok(Page { items, total: Some(total.cast_unsigned()), next: None })
    }

    async fn two<const N: usize>(
        &self,
        read: &Read,
        sql: String,
        values: [Value; N],
    ) -> Result<(i64, i64), Error> {
        let db = read.db().await?;
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        let row = db.query_one_raw(statement).await?;
        let two = |row: QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        Ok(row.map_or(Ok((0, 0)), two).map_err(|error: DbErr| error)?)
    }
}
