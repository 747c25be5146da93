"""ONE lot: the steps in their order, the record, the page; the only room below the faces that writes files."""
