"""Assets: the things of a plant, in trees.

Every asset has its path, the ids from its root to itself. The assets below another are those that have it at its place
in their paths: one comparison for each, wherever it is. Creates, moves and deletes keep paths and numbers of children
up; an asset that moves takes the paths of all below it along.

    tables     fields, filters, properties, table
    trees      subtrees and whole trees in filters, those of other families too
    hierarchy  parents, paths and numbers of children of what is new or moves
    family     the rules; deletion with all that is below
"""
