"""Qui voit un contrat : qui voit la personne ; elle-même, par son lien (ce contrat seul) ou dans son livret.

Ce qui tient à un contrat se voit avec lui.
"""

from jalon.personnes.perms import LIEN_OUVERT, elle_meme, par_personne
from jalon.socle import rls

DU_LIEN = f"(public_id, personne_id) in (select l.objet, l.personne_id from {LIEN_OUVERT})"


def _avec(table: str, parent: str, cle: str) -> str:
    return f"exists (select 1 from {parent} x where x.id = {table}.{cle})"


rls.protect("contrats_contrat", f"{par_personne()} or {elle_meme()} or {DU_LIEN}")
for _table in (
    "passagecontrat",
    "valeurchamp",
    "ecritureremplacee",
    "objectif",
    "signaturecontrat",
    "lecturecontrat",
    "bilancontrat",
):
    rls.protect(f"contrats_{_table}", _avec(f"contrats_{_table}", "contrats_contrat", "contrat_id"))
rls.protect("contrats_etape", _avec("contrats_etape", "contrats_objectif", "objectif_id"))
rls.protect("contrats_moyen", _avec("contrats_moyen", "contrats_etape", "etape_id"))
rls.protect("contrats_offreemploi", par_personne())
