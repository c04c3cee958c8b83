"""Écriture des nombres : espace insécable, que toutes les polices connaissent."""

THOUSAND_SEPARATOR = "\xa0"
NUMBER_GROUPING = 3
DECIMAL_SEPARATOR = ","
