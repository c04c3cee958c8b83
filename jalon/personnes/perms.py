"""Qui voit une personne et ce qui tient à elle."""

from jalon.socle import rls

SUIVIES = (
    f"select a.personne_id from accompagnements_accompagnement a where a.organisme_id = {rls.ORGANISMES} "
    "and a.periode @> current_date "
    f"union all select o.personne_id from personnes_partagedossier o where o.organisme_id = {rls.ORGANISMES} "
    "and o.periode @> current_date "
    "union all select instances_personnes_ouvertes()"
)
"""Personnes que mon organisme accompagne aujourd'hui, dont le dossier lui est ouvert, ou d'un ordre du jour où je siège,
de la convocation à la clôture (`jalon.instances.migrations.0006`)."""
VOIT_PERSONNE = f"territoire_id = {rls.TERRITOIRES} or id in ({SUIVIES})"
"""La personne est sur mon territoire, mon organisme la suit aujourd'hui, ou je siège pour elle."""


def par_personne(colonne: str = "personne_id") -> str:
    """Condition « la personne de cette ligne m'est visible » (la politique de la personne s'applique)."""
    return f"exists (select 1 from personnes_personne p where p.id = {colonne})"


def par_foyer(colonne: str) -> str:
    """Condition « une personne de ce foyer m'est visible ».

    `colonne` porte le nom de sa table : un simple `foyer_id` désignerait celui du rattachement, et tout passerait.
    """
    if "." not in colonne:
        raise ValueError(f"« {colonne} » doit être précédé du nom de sa table")
    return f"exists (select 1 from personnes_rattachement r where r.foyer_id = {colonne})"


def elle_meme(colonne: str = "personne_id") -> str:
    """Condition « cette ligne est celle de la personne qui lit son livret »."""
    return f"{colonne} = {rls.PERSONNE}"


LIEN_OUVERT = (
    f"personnes_lienpersonnel l where l.empreinte = {rls.LIEN} and l.revoque_le is null and l.expire_le > now()"
)
"""Le lien personnel par lequel je suis entrée, tant qu'il vaut."""

rls.protect("personnes_personne", VOIT_PERSONNE)
rls.protect("personnes_identiteanterieure", par_personne())
rls.protect("personnes_rattachement", par_personne())
rls.protect("personnes_coordonnees", f"{par_personne()} or {elle_meme()}")
rls.protect("personnes_publicpersonne", par_personne())
# La politique de la personne lit cette table : elle ne peut pas passer par la personne.
rls.protect("personnes_partagedossier", f"organisme_id = {rls.ORGANISMES}")
rls.protect("personnes_lienpersonnel", f"{par_personne()} or empreinte = {rls.LIEN}")
rls.protect(
    "personnes_codeunique",
    f"{par_personne()} or {elle_meme()} or personne_id in (select l.personne_id from {LIEN_OUVERT})",
)
rls.protect("personnes_foyer", par_foyer("personnes_foyer.id"))
rls.protect("personnes_adresse", par_foyer("personnes_adresse.foyer_id"))
rls.protect("personnes_rapprochement", f"{par_personne('ancienne_id')} and {par_personne('nouvelle_id')}")
rls.protect("personnes_fusion", par_personne("gardee_id"))
rls.protect(
    "personnes_tache", f"organisme_id = {rls.ORGANISMES} and {par_personne()} or territoire_id = {rls.TERRITOIRES}"
)
rls.close("personnes_personneevent")
