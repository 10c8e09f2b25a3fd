"""How results show themselves: as HTML in a notebook, as data frames."""
