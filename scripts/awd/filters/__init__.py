"""What a filter is and how it is applied: lattices, families, compiled transforms."""
