"""Qui voit une procédure : qui voit la personne ; elle-même, par son lien (cette procédure seule) ou dans son livret."""

from jalon.personnes.perms import LIEN_OUVERT, elle_meme, par_personne
from jalon.socle import rls

DU_LIEN = f"(public_id, personne_id) in (select l.objet, l.personne_id from {LIEN_OUVERT})"


def _avec(table: str, parent: str, cle: str) -> str:
    return f"exists (select 1 from {parent} x where x.id = {table}.{cle})"


rls.protect("manquements_manquement", f"{par_personne()} or {elle_meme()} or {DU_LIEN}")
for _table in ("faitmanquement", "constatservice", "observation", "piecemanquement", "avismanquement"):
    rls.protect(f"manquements_{_table}", _avec(f"manquements_{_table}", "manquements_manquement", "manquement_id"))
rls.protect(
    "manquements_decisionsanction",
    f"{par_personne()} or {elle_meme()} or "
    + _avec("manquements_decisionsanction", "manquements_manquement", "manquement_id"),
)
rls.protect(
    "manquements_recourssanction", _avec("manquements_recourssanction", "manquements_decisionsanction", "decision_id")
)
# Une transmission réunit des personnes de tout le département : le périmètre départemental seul la lit.
rls.protect("manquements_transmission", "false")
rls.protect("manquements_lignetransmission", "false")

# La loi est la même pour tous : l'installation la pose, aucune requête ne peut élargir la grille.
for _table in ("regime", "reglesanction", "motifmanquement"):
    rls.read_only(f"manquements_{_table}")
