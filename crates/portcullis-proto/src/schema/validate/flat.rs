//! Messages that are short and plain, as one row of values: the structs around them take no bytes, so that a body which is
//! right need not be walked struct by struct. One that does not pass is left to the interpreter, which says why.

use super::node::Node;

/// Nodes of a message that is flattened, structs included: fewer than levels may nest, so that none of it is too deep.
const NODES_MAX: usize = 48;

/// The values that a body consists of; `None` when it is larger than that, or holds anything but structs of plain values.
pub(super) fn flatten(nodes: &[Node], root: Node) -> Option<Vec<Node>> {
    let mut row = Vec::new();
    let mut left = NODES_MAX;
    gather(nodes, root, &mut left, &mut row)?;
    Some(row)
}

fn gather(nodes: &[Node], node: Node, left: &mut usize, row: &mut Vec<Node>) -> Option<()> {
    *left = left.checked_sub(1)?;
    match node {
        Node::Sequence { first, len } | Node::Struct { first, len } => {
            let children = nodes.get(first as usize..)?.get(..len as usize)?;
            children.iter().try_for_each(|child| gather(nodes, *child, left, row))
        }
        plain if plain.is_plain() => {
            row.push(plain);
            Some(())
        }
        _ => None,
    }
}

/// Whether `body` consists of just these values.
#[inline]
pub(super) fn is_row(row: &[Node], body: &[u8]) -> bool {
    let mut rest = body;
    for node in row {
        match node.pass(rest) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{NODES_MAX, Node, flatten};
    use crate::codec::DEPTH_MAX;

    #[test]
    fn what_holds_itself_or_nests_too_deep_is_no_row() {
        let itself = Node::Struct { first: 0, len: 2 };
        assert_eq!(flatten(&[itself, itself], itself), None);
        assert!(NODES_MAX < DEPTH_MAX as usize);
        let deep: Vec<Node> = (1..100).map(|first| Node::Struct { first, len: 1 }).collect();
        assert_eq!(flatten(&deep, Node::Struct { first: 0, len: 1 }), None);
        let pair = [Node::Struct { first: 2, len: 1 }, Node::Bool, Node::Bool];
        let row = flatten(&pair, Node::Sequence { first: 0, len: 2 });
        assert_eq!(row, Some(vec![Node::Bool, Node::Bool]));
    }
}
